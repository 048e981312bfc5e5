# Ordered items and fixed covariates: lavaan's default, moments given the covariates (conditional.x = TRUE).
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
# What is known of the sample: thresholds (and minus the means) item by item, slopes, residual variances, residual
# covariances; Gamma; the covariance matrix of the estimates.
pieces <- function(fit) {
  per <- function(x) if (is.list(x)) unname(lapply(x, bare)) else list(bare(x))
  delta <- lavInspect(fit, "delta")
  list(given = list(moment_names = rownames(if (is.list(delta)) delta[[1]] else delta), parameter_names = names(coef(fit)),
                    wls_obs = per(lavInspect(fit, "wls.obs")), wls_est = per(lavInspect(fit, "wls.est")),
                    gamma = tryCatch(per(lavInspect(fit, "gamma")), error = function(e) NULL), delta = per(delta), vcov = bare(vcov(fit))))
}
given <- function(name, model, data, options, note = "") case(paste0("given_x_", name), "sem", model, data, options, note, pieces)
o <- paste0("o", 1:9); b <- paste0("b", 1:9)
MIMIC <- "textual =~ o4 + o5 + o6
textual ~ ageyr + sex"
for (p in c("delta", "theta")) for (e in c("WLSMV", "DWLS", "WLS", "ULSMV", "ULS", "WLSM", "WLSMVS")) {
  given(paste("mimic", tolower(e), p, sep = "_"), MIMIC, "hs_ordinal", list(estimator = e, ordered = o[4:6], parameterization = p),
        if (e %in% c("ULS", "DWLS")) "Naive standard errors are not a target." else "")
}
# An item that depends on a covariate beside its factor, and a residual covariance.
given("direct_effect", "textual =~ o4 + o5 + o6 + o7
textual ~ ageyr + sex
o4 ~ sex
o6 ~~ o7", "hs_ordinal", list(ordered = o[4:7]))
for (p in c("delta", "theta")) given(paste0("binary_", p), "textual =~ b4 + b5 + b6
textual ~ ageyr + x1", "hs_ordinal", list(ordered = b[4:6], parameterization = p))
MIXED <- "visual =~ x1 + o2 + x3
textual =~ b4 + x5 + o6
textual ~ visual + ageyr + sex
visual ~ sex"
for (e in c("WLSMV", "ULSMV", "WLS")) for (p in c("delta", "theta")) {
  given(paste("mixed", tolower(e), p, sep = "_"), MIXED, "hs_ordinal", list(estimator = e, ordered = c("o2", "b4", "o6"), parameterization = p))
}
# Chains of observed ordered variables. With delta lavaan 0.6-14 leaves the scaled variance of o7 at 1.007, so theta only.
CHAIN <- "o4 ~ a*x1 + ageyr
o7 ~ b*o4 + c*x1
x9 ~ o7 + sex
indirect := a*b
total := a*b + c"
for (e in c("WLSMV", "WLS", "ULSMV")) given(paste0("chain_", tolower(e), "_theta"), CHAIN, "hs_ordinal", list(ordered = o[c(4, 7)], estimator = e, parameterization = "theta"))
TWO <- "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6
textual ~ visual + ageyr
visual ~ sex"
for (p in c("delta", "theta")) for (step in c("configural", "loadings", "thresholds")) {
  options <- list(ordered = o[1:6], group = "school", parameterization = p)
  if (step != "configural") options$group.equal <- c("loadings", if (step == "thresholds") "thresholds")
  given(paste("groups", step, p, sep = "_"), TWO, "hs_ordinal", options)
}
given("groups_regressions", TWO, "hs_ordinal", list(ordered = o[1:6], group = "school", group.equal = c("loadings", "thresholds", "regressions")))
for (missing in c("listwise", "pairwise")) {
  given(missing, "visual =~ x1 + o2 + x3\ntextual =~ o4 + x5 + o6\ntextual ~ visual + ageyr + sex", "hs_ordinal_missing",
        list(ordered = c("o2", "o4", "o6"), missing = missing))
}
given("linear_equality", "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6
textual ~ a*visual + b*ageyr
visual ~ c*ageyr + sex
b == 2*c", "hs_ordinal", list(ordered = o[1:6]))
