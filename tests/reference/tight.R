# Estimates and measures of every reference case at lavaan's exact optimum. Writes tight.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
cases <- c("hs_cfa_ml", "hs_cfa_ml_meanstructure", "hs_cfa_ml_stdlv", "hs_cfa_ml_wishart",
           "hs_second_order", "hs_bifactor", "democracy_sem_ml", "democracy_sem_nocov",
           "democracy_equal_defined", "path_observed", "path_observed_random_x", "bfi_cfa_ml",
           "cross_border_initial", "cross_border_revised", "hs_cfa_listwise", "growth_linear")
result <- list(cases = list())
for (name in cases) {
  fit <- case_fit(name)
  measures <- as.list(unclass(fitMeasures(fit)))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  result$cases[[name]] <- list(estimates = estimates(fit), measures = measures,
                               implied_cov = unclass(fitted(fit)$cov), r2 = as.list(inspect(fit, "r2")))
}
save(result, "tight.json")
