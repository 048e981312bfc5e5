# Pieces of an estimation: Gamma, weights, information, derivatives, U Gamma, covariance of the estimates.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
pieces <- function(fit) {
  per <- function(x) if (is.list(x)) lapply(x, function(one) if (is.null(one) || !length(one)) NULL else bare(one)) else if (length(x)) bare(x) else NULL
  try_inspect <- function(what) tryCatch(suppressWarnings(lavInspect(fit, what)), error = function(e) NULL)
  gamma <- try_inspect("gamma")
  first <- if (is.list(gamma)) gamma[[1]] else gamma
  delta <- try_inspect("delta")
  names_of <- rownames(if (is.list(delta)) delta[[1]] else delta)
  ug <- tryCatch(suppressWarnings(lavInspect(fit, "UGamma")), error = function(e) NULL)
  list(kernels = list(
    moment_names = names_of, parameter_names = names(coef(fit)),
    wls_obs = per(try_inspect("wls.obs")), wls_est = per(try_inspect("wls.est")), gamma = per(gamma), wls_v = per(try_inspect("wls.v")),
    delta = per(delta), vcov = bare(vcov(fit)),
    information_expected = per(try_inspect("information.expected")), information_observed = per(try_inspect("information.observed")),
    information_first_order = per(try_inspect("information.first.order")),
    ugamma_trace = if (is.null(ug)) NULL else sum(diag(ug)), ugamma_squared_trace = if (is.null(ug)) NULL else sum(ug * t(ug))))
}
small <- "visual =~ x1 + x2 + x3 + x4"
D <- "hs_design"
for (e in c("ML", "MLM", "MLR", "GLS", "ULSMV", "WLS", "WLSMV")) for (m in c(FALSE, TRUE))
  case(paste0("kernel_", tolower(e), if (m) "_means" else ""), "cfa", small, D, list(estimator = e, meanstructure = m), "", pieces)
for (e in c("MLM", "MLR", "WLS")) case(paste0("kernel_groups_", tolower(e)), "cfa", "visual =~ x1 + x2 + x3", D, list(estimator = e, group = "school", group.equal = "loadings"), "", pieces)
case("kernel_wishart_mlm", "cfa", small, D, list(estimator = "MLM", likelihood = "wishart"), "", pieces)
case("kernel_fiml", "cfa", "visual =~ x1 + x2 + x3 + x4", "hs_design_missing", list(missing = "ml"), "", pieces)
case("kernel_fiml_mlr", "cfa", "visual =~ x1 + x2 + x3 + x4", "hs_design_missing", list(missing = "ml", estimator = "MLR"), "", pieces)
case("kernel_path_fixed_mlm", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "MLM", fixed.x = TRUE), "Fixed x: Gamma is conditional on x.", pieces)
case("kernel_path_fixed_mlr", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "MLR", fixed.x = TRUE), "", pieces)
case("kernel_path_fixed_wls", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "WLS", fixed.x = TRUE), "", pieces)
case("kernel_path_fixed_gls", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "GLS", fixed.x = TRUE), "", pieces)
case("kernel_path_fixed_means_mlm", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "MLM", fixed.x = TRUE, meanstructure = TRUE), "", pieces)
case("kernel_path_random_mlm", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "MLM", fixed.x = FALSE), "", pieces)
case("kernel_path_fixed_wlsmv", "sem", "x4 ~ x1 + ageyr\nx7 ~ x4", D, list(estimator = "WLSMV", fixed.x = TRUE), "", pieces)
case("kernel_weights", "cfa", small, D, list(sampling.weights = "weight"), "", pieces)
case("kernel_cluster", "cfa", small, D, list(cluster = "cluster"), "", pieces)
for (p in c("delta", "theta")) {
  case(paste0("kernel_ordinal_", p), "cfa", "visual =~ o4 + o5 + o6 + o7", "hs_ordinal", list(ordered = paste0("o", 4:7), parameterization = p), "", pieces)
  case(paste0("kernel_mixed_", p), "cfa", "visual =~ x1 + o4 + x5 + o6", "hs_ordinal", list(ordered = c("o4", "o6"), parameterization = p), "", pieces)
}
case("kernel_ordinal_pairwise", "cfa", "visual =~ o4 + o5 + o6 + o7", "hs_ordinal_missing", list(ordered = paste0("o", 4:7), missing = "pairwise"), "", pieces)
case("kernel_mixed_pairwise", "cfa", "visual =~ x1 + o4 + x5 + o6", "hs_ordinal_missing", list(ordered = c("o4", "o6"), missing = "pairwise"), "", pieces)
case("kernel_ordinal_groups", "cfa", "visual =~ o4 + o5 + o6", "hs_ordinal", list(ordered = paste0("o", 4:6), group = "school", group.equal = c("loadings", "thresholds")), "", pieces)
case("kernel_ordinal_covariates", "sem", "textual =~ o4 + o5 + o6\ntextual ~ ageyr + x1", "hs_ordinal", list(ordered = paste0("o", 4:6)), "Conditional on x: moments are thresholds, slopes and residual correlations.", pieces)
case("kernel_mixed_covariates", "sem", "textual =~ o4 + x5 + o6\ntextual ~ ageyr + x1", "hs_ordinal", list(ordered = c("o4", "o6")), "Conditional on x.", pieces)
case("kernel_ordinal_joint", "sem", "textual =~ o4 + o5 + o6\ntextual ~ x1", "hs_ordinal", list(ordered = paste0("o", 4:6), conditional.x = FALSE), "", pieces)
