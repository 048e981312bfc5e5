# Measurement invariance by lavaan 0.6-14 and semTools 0.5-6: the steps, their difference tests and score tests.
# Run in this folder: Rscript invariance.R. Writes invariance.json.
suppressMessages({library(lavaan); library(semTools)})
library(jsonlite)

measures <- function(fit) {
  x <- fitMeasures(fit)
  names(x) <- gsub(".", "_", names(x), fixed = TRUE)
  keep <- c("npar", "chisq", "df", "pvalue", "chisq_scaled", "df_scaled", "pvalue_scaled", "cfi", "tli", "rmsea", "srmr", "cfi_scaled",
    "tli_scaled", "rmsea_scaled", "cfi_robust", "tli_robust", "rmsea_robust", "aic", "bic", "logl", "chisq_scaling_factor")
  as.list(x[intersect(keep, names(x))])
}
tests <- function(fits) lapply(seq_along(fits)[-1], function(i) {
  if (fitMeasures(fits[[i]], "df") == fitMeasures(fits[[i - 1]], "df")) return(NULL)
  row <- lavTestLRT(fits[[i - 1]], fits[[i]])[2, ]
  list(statistic = row[["Chisq diff"]], df = row[["Df diff"]], p_value = row[["Pr(>Chisq)"]])
})
told <- function(fits) list(steps = lapply(fits, measures), tests = tests(fits))
scores <- function(fit) {
  table <- parTable(fit)
  uni <- lavTestScore(fit)$uni
  lapply(seq_len(nrow(uni)), function(i) {
    row <- table[match(uni$rhs[i], table$plabel), ]
    list(lhs = row$lhs, op = row$op, rhs = row$rhs, group = row$group, score = uni$X2[i])
  })
}
out <- list()

hs <- read.csv("data/holzinger1939.csv")
hs_model <- "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
continuous <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"))
for (estimator in c("ML", "MLR", "MLM")) {
  fits <- lapply(continuous, function(equal) cfa(hs_model, hs, group = "school", group.equal = equal, std.lv = TRUE, estimator = estimator))
  out[[paste0("hs_", tolower(estimator))]] <- told(fits)
  if (estimator == "ML") {
    out$hs_scores <- lapply(fits[c("metric", "scalar", "strict")], scores)
    partial <- function(equal, free) cfa(hs_model, hs, group = "school", group.equal = equal, group.partial = free, std.lv = TRUE)
    out$hs_partial <- told(list(
      metric = fits$metric, scalar = fits$scalar,
      x3 = partial(continuous$scalar, "x3 ~ 1"), x3_x7 = partial(continuous$scalar, c("x3 ~ 1", "x7 ~ 1")),
      strict = partial(continuous$strict, c("x3 ~ 1", "x7 ~ 1"))
    ))
    out$hs_partial_scores <- list(scalar_x3 = scores(partial(continuous$scalar, "x3 ~ 1")))
  }
}
three <- hs
three$third <- cut(three$ageyr + three$agemo / 12, c(0, 12.6, 13.5, 99), labels = c("a", "b", "c"))
out$hs_three_groups <- told(lapply(continuous, function(equal) cfa(hs_model, three, group = "third", group.equal = equal, std.lv = TRUE)))

bfi <- na.omit(read.csv("data/bfi.csv")[c("A2", "A3", "A4", "A5", "C1", "C2", "C3", "C4", "gender")])
ordinal <- list(
  configural = "", thresholds = "thresholds", metric = c("thresholds", "loadings"),
  scalar = c("thresholds", "loadings", "intercepts"), strict = c("thresholds", "loadings", "intercepts", "residuals")
)
study <- function(model, data, ordered, parameterization, estimator = "WLSMV", free = NULL) {
  steps <- if (parameterization == "theta") ordinal else ordinal[1:4]
  lapply(names(steps), function(name) {
    call <- list(model, data = data, ordered = ordered, parameterization = parameterization, ID.fac = "std.lv",
      ID.cat = "Wu.Estabrook.2016", group = "gender", group.equal = steps[[name]])
    if (name == "metric" && !is.null(free)) call$group.partial <- free
    text <- as.character(do.call(measEq.syntax, call))
    cfa(text, data, ordered = ordered, parameterization = parameterization, group = "gender", estimator = estimator)
  }) |> setNames(names(steps))
}
model <- "A =~ A2 + A3 + A4 + A5; C =~ C1 + C2 + C3 + C4"
items <- c("A2", "A3", "A4", "A5", "C1", "C2", "C3", "C4")
six <- bfi
for (parameterization in c("theta", "delta"))
  out[[paste0("bfi_six_", parameterization)]] <- told(study(model, six, items, parameterization))
# Two, three, four and six categories beside each other. semTools makes the loading of the binary item equal in
# the metric step, with a scale that is fixed: delta and theta then disagree. Freed here, they agree.
mixed <- bfi[c("A2", "A3", "A4", "A5", "gender")]
mixed$A2 <- as.integer(mixed$A2 > 4) + 1
mixed$A3 <- findInterval(mixed$A3, c(4, 6)) + 1
mixed$A4 <- findInterval(mixed$A4, c(3, 5, 6)) + 1
for (parameterization in c("theta", "delta")) {
  out[[paste0("bfi_mixed_", parameterization)]] <- told(study("A =~ A2 + A3 + A4 + A5", mixed, items[1:4], parameterization, free = "A =~ A2"))
  out[[paste0("bfi_mixed_semtools_", parameterization)]] <- told(study("A =~ A2 + A3 + A4 + A5", mixed, items[1:4], parameterization))
}
binary <- bfi
for (item in items) binary[[item]] <- as.integer(binary[[item]] > 4) + 1
out$bfi_binary_theta <- told(study(model, binary, items, "theta")[c("configural", "thresholds", "scalar", "strict")])
# Ordinal and continuous items of one model.
both <- bfi
for (item in items[1:4]) both[[item]] <- findInterval(both[[item]], c(3, 5, 6)) + 1
out$bfi_both_theta <- told(study(model, both, items[1:4], "theta"))
write(toJSON(out, digits = I(12), auto_unbox = TRUE, na = "null", null = "null"), "invariance.json")
