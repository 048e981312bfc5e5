# Every estimator, standard error and test of continuous, complete data on Holzinger and Swineford's nine tests.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
for (se in c("standard", "robust.sem", "robust.huber.white", "first.order")) {
  name <- gsub(".", "_", se, fixed = TRUE)
  case(paste0("hs_ml_se_", name), "cfa", HS, "holzinger1939", list(se = se))
  case(paste0("hs_ml_means_se_", name), "cfa", HS, "holzinger1939", list(se = se, meanstructure = TRUE))
}
tests <- c("satorra.bentler", "yuan.bentler", "yuan.bentler.mplus", "mean.var.adjusted", "scaled.shifted",
           "browne.residual.adf", "browne.residual.nt")
for (test in tests) {
  name <- gsub(".", "_", test, fixed = TRUE)
  case(paste0("hs_ml_test_", name), "cfa", HS, "holzinger1939", list(test = test))
  case(paste0("hs_ml_means_test_", name), "cfa", HS, "holzinger1939", list(test = test, meanstructure = TRUE))
}
for (estimator in c("MLR", "MLM", "MLMV", "MLMVS", "MLF")) {
  case(paste0("hs_", tolower(estimator), "_means"), "cfa", HS, "holzinger1939", list(estimator = estimator, meanstructure = TRUE))
}
for (estimator in c("MLR", "MLM", "MLMV")) {
  case(paste0("hs_", tolower(estimator), "_wishart"), "cfa", HS, "holzinger1939", list(estimator = estimator, likelihood = "wishart"))
}
case("hs_ml_observed", "cfa", HS, "holzinger1939", list(information = "observed"))
case("hs_mlr_expected", "cfa", HS, "holzinger1939", list(estimator = "MLR", information = "expected"))
continuous <- "Continuous data: S divided by n - 1, chisq = (n - 1) F, vcov divided by n - 1."
for (estimator in c("GLS", "ULS", "WLS", "DWLS", "WLSM", "WLSMV", "WLSMVS", "ULSM", "ULSMV", "ULSMVS")) {
  case(paste0("hs_", tolower(estimator)), "cfa", HS, "holzinger1939", list(estimator = estimator), continuous)
  case(paste0("hs_", tolower(estimator), "_means"), "cfa", HS, "holzinger1939", list(estimator = estimator, meanstructure = TRUE), continuous)
}
# lavaan 0.6-14 refuses corrected tests with GLS.
for (estimator in c("ULS", "DWLS")) for (test in c("satorra.bentler", "mean.var.adjusted", "scaled.shifted")) {
  case(paste0("hs_", tolower(estimator), "_test_", gsub(".", "_", test, fixed = TRUE)), "cfa", HS, "holzinger1939",
       list(estimator = estimator, test = test), paste(continuous, "Naive standard errors are not a target."))
}
for (estimator in c("GLS", "ULS", "DWLS")) for (test in c("browne.residual.adf", "browne.residual.nt")) {
  tryCatch(case(paste0("hs_", tolower(estimator), "_test_", gsub(".", "_", test, fixed = TRUE)), "cfa", HS, "holzinger1939",
                list(estimator = estimator, test = test), continuous), error = function(e) cat(estimator, test, "refused\n"))
}
