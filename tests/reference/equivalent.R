# Models that are equivalent to one of political democracy, fitted by lavaan: chi2 is the same for
# all, and estimates of what stands in the place of what was replaced. Writes equivalent.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))

democracy <- data_of("political_democracy")
measured <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
y1 ~~ y5; y2 ~~ y4 + y6; y3 ~~ y7; y4 ~~ y8; y6 ~~ y8
"
rest <- function(text) sub("ind60 =~ x1 + x2 + x3", text, measured, fixed = TRUE)
models <- list(
  fitted = paste(measured, "dem60 ~ ind60; dem65 ~ ind60 + dem60"),
  "dem65 ~ dem60 replaced by dem60 ~ dem65" = paste(measured, "dem60 ~ ind60 + dem65; dem65 ~ ind60"),
  "dem65 ~ dem60 replaced by dem60 ~~ dem65" = paste(measured, "dem60 ~ ind60; dem65 ~ ind60; dem60 ~~ dem65"),
  "dem60 ~ ind60 replaced by ind60 ~ dem60" = paste(measured, "ind60 ~ dem60; dem65 ~ ind60 + dem60"),
  "dem60 ~ ind60 replaced by ind60 ~~ dem60" = paste(measured, "ind60 ~~ dem60; dem65 ~ ind60 + dem60"),
  "ind60 =~ x2 replaced by ind60 ~ x2" =
    paste(rest("ind60 =~ x1 + x3; ind60 ~ x2"), "dem60 ~ ind60; dem65 ~ ind60 + dem60")
)
replaced <- list("dem65 ~ dem60", "dem60 ~ dem65", "dem60 ~~ dem65", "ind60 ~ dem60", "ind60 ~~ dem60", "ind60 ~ x2")
told <- mapply(function(text, name) {
  fit <- polish(sem(text, democracy, fixed.x = FALSE), democracy)
  row <- parameterEstimates(fit, standardized = TRUE)
  row <- row[paste(row$lhs, row$op, row$rhs) == name, ]
  list(parameter = name, chisq = unname(fitMeasures(fit, "chisq")), df = unname(fitMeasures(fit, "df")),
       est = row$est, se = row$se, std_all = row$std.all)
}, models, replaced, SIMPLIFY = FALSE)
write_json(list(lavaan = as.character(packageVersion("lavaan")), models = told), file.path(here, "equivalent.json"),
           auto_unbox = TRUE, digits = NA)
