# Residuals, factor scores and covariances of estimates at lavaan's exact optimum.
# Writes residuals_scores.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
result <- list(cases = list())
for (name in c("hs_cfa_ml", "hs_cfa_ml_meanstructure", "hs_cfa_ml_wishart", "democracy_sem_ml",
               "democracy_equal_defined", "path_observed", "growth_linear", "hs_second_order", "cross_border_revised")) {
  fit <- case_fit(name)
  one <- list(names = lavNames(fit, "ov"))
  for (type in c("raw", "cor.bollen", "standardized")) {
    one[[gsub(".", "_", type, fixed = TRUE)]] <- unclass(resid(fit, type = type)$cov)
  }
  one$vcov_names <- colnames(vcov(fit))
  one$vcov <- unclass(vcov(fit))
  if (length(lavNames(fit, "lv")) > 0) {
    one$latent <- lavNames(fit, "lv")
    one$regression <- unclass(lavPredict(fit, method = "regression"))[1:20, ]
    # Bartlett scores do not exist for factors without indicators of their own.
    if (name != "hs_second_order") {
      one$bartlett <- unclass(lavPredict(fit, method = "Bartlett"))[1:20, ]
    }
  }
  result$cases[[name]] <- one
}
save(result, "residuals_scores.json")
