# Factor scores of incomplete answers, predictions of items, predictions of some variables from others:
# lavaan's, with the estimates that they are computed from. Writes predictions.json.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
data_of <- function(name) read.csv(file.path(here, "data", paste0(name, ".csv")))
hs <- "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
mimic <- paste(hs, "; textual ~ ageyr + visual; speed ~ sex")
result <- list(cases = list())
for (name in c("cfa", "mimic")) {
  model <- if (name == "cfa") hs else mimic
  data <- data_of("holzinger1939_missing")
  fit <- sem(model, data, missing = "ml", meanstructure = TRUE)
  est <- parameterEstimates(fit)[, c("lhs", "op", "rhs", "est")]
  lv <- lavNames(fit, "lv"); ov <- lavNames(fit, "ov")
  result$cases[[name]] <- list(
    model = model, estimates = est, latent = lv,
    regression = unclass(lavPredict(fit, method = "regression"))[1:60, ],
    bartlett = unclass(lavPredict(fit, method = "Bartlett"))[1:60, ],
    items = lavNames(fit, "ov.ind"),
    predicted = unclass(lavPredict(fit, type = "yhat", method = "regression"))[1:60, lavNames(fit, "ov.ind")])
}
complete <- data_of("holzinger1939")
fit <- sem(mimic, complete, meanstructure = TRUE)
xnames <- c("x1", "x2", "x3", "x4", "x5", "x6", "ageyr", "sex")
result$complete <- list(model = mimic, given = xnames,
  predicted = unclass(lavPredict(fit, type = "yhat"))[1:30, lavNames(fit, "ov.ind")],
  items = lavNames(fit, "ov.ind"), targets = c("x7", "x8", "x9"),
  conditional = unclass(lavPredictY(fit, ynames = c("x7", "x8", "x9"), xnames = xnames,
                                    newdata = complete))[1:30, ])
result$software <- paste("lavaan", packageVersion("lavaan"))
write(toJSON(result, digits = 12, auto_unbox = TRUE, dataframe = "rows", na = "null"),
      file.path(here, "predictions.json"))
