# lavaan's scores for ordinal items (posterior modes, "EBM"), with the matrices of the model that they
# are computed from, so that scores can be checked apart from the estimation. Writes
# ordinal_scores.json.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
bfi <- read.csv(file.path(here, "data", "bfi.csv"))
cases <- list(
  two = list(model = "N =~ N1 + N2 + N3 + N4; E =~ E1 + E2 + E3 + E4", parameterization = "delta"),
  five = list(model = "A =~ A1 + A2 + A3 + A4 + A5; C =~ C1 + C2 + C3 + C4 + C5
                       E =~ E1 + E2 + E3 + E4 + E5; N =~ N1 + N2 + N3 + N4 + N5
                       O =~ O1 + O2 + O3 + O4 + O5", parameterization = "delta"),
  mixed = list(model = "N =~ N1 + N2 + N3; E =~ E3 + E4 + E5; E ~ N", parameterization = "delta",
               ordered = c("N1", "N2", "N3", "E3"))
)
result <- list(cases = list())
for (name in names(cases)) {
  case <- cases[[name]]
  items <- lavNames(case$model, "ov")
  data <- na.omit(bfi[, items])[1:600, ]
  ordered <- if (is.null(case$ordered)) items else case$ordered
  fit <- sem(case$model, data, ordered = ordered, parameterization = case$parameterization)
  some <- 1:40
  est <- lavInspect(fit, "est")
  th <- est$tau[, 1]
  result$cases[[name]] <- list(
    model = case$model, parameterization = case$parameterization, items = lavNames(fit, "ov"),
    ordered = ordered, latent = lavNames(fit, "lv"),
    thresholds = split(unname(th), factor(sub("\\|.*", "", rownames(est$tau)), levels = ordered)),
    intercepts = est$nu[, 1], lambda = unclass(est$lambda), theta = unclass(est$theta),
    latent_mean = lavInspect(fit, "mean.lv"), latent_cov = unclass(lavInspect(fit, "cov.lv")),
    answers = as.matrix(data[some, lavNames(fit, "ov")]),
    ebm = unclass(lavPredict(fit, optim.method = "nlminb"))[some, ])
}
result$software <- paste("lavaan", packageVersion("lavaan"))
write(toJSON(result, digits = 10, auto_unbox = TRUE), file.path(here, "ordinal_scores.json"))
