# Ordered items: thresholds, polychoric and polyserial correlations, delta and theta, groups, covariates.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
o <- paste0("o", 1:9); b <- paste0("b", 1:9)
ORD <- gsub("x", "o", HS); BIN <- gsub("x", "b", HS)
for (p in c("delta", "theta")) for (e in c("WLSMV", "WLSM", "WLSMVS", "ULSMV", "DWLS", "WLS", "ULS")) {
  case(paste("hs_ordinal", tolower(e), p, sep = "_"), "cfa", ORD, "hs_ordinal",
       list(estimator = e, ordered = o, parameterization = p),
       if (e %in% c("ULS", "DWLS")) "Naive standard errors are not a target." else "")
}
case("hs_ordinal_stdlv_theta", "cfa", ORD, "hs_ordinal", list(ordered = o, std.lv = TRUE, parameterization = "theta"))
one <- "visual =~ o1 + o2 + o3 + o4"
for (p in c("delta", "theta")) case(paste0("hs_ordinal_small_wls_", p), "cfa", one, "hs_ordinal", list(estimator = "WLS", ordered = o[1:4], parameterization = p))
for (p in c("delta", "theta")) for (e in c("WLSMV", "ULSMV")) {
  case(paste("hs_binary", tolower(e), p, sep = "_"), "cfa", BIN, "hs_ordinal", list(estimator = e, ordered = b, parameterization = p))
}
case("hs_binary_small_wls", "cfa", "visual =~ b4 + b5 + b6 + b7", "hs_ordinal", list(estimator = "WLS", ordered = b[4:7]))
MIX <- "visual =~ x1 + o2 + x3
textual =~ o4 + x5 + o6
speed =~ x7 + b8 + o9"
mixed <- c("o2", "o4", "o6", "b8", "o9")
for (p in c("delta", "theta")) for (e in c("WLSMV", "ULSMV", "WLS")) {
  case(paste("hs_mixed", tolower(e), p, sep = "_"), "cfa", MIX, "hs_ordinal", list(estimator = e, ordered = mixed, parameterization = p))
}
STRUCT <- "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6
speed =~ o7 + o8 + o9
textual ~ a*visual
speed ~ b*textual + c*visual
indirect := a*b
total := a*b + c"
for (p in c("delta", "theta")) case(paste0("hs_ordinal_sem_", p), "sem", STRUCT, "hs_ordinal", list(ordered = o, parameterization = p))
BFI <- "A =~ A1 + A2 + A3 + A4 + A5
C =~ C1 + C2 + C3 + C4 + C5
N =~ N1 + N2 + N3 + N4 + N5
N ~ A + C
C ~ A"
case("bfi_sem_wlsmv", "sem", BFI, "bfi", list(estimator = "WLSMV", ordered = paste0(rep(c("A", "C", "N"), each = 5), 1:5)))
case("bfi_sem_wlsmv_theta", "sem", BFI, "bfi", list(estimator = "WLSMV", ordered = paste0(rep(c("A", "C", "N"), each = 5), 1:5), parameterization = "theta"))
case("cross_border_revised_wlsmv_theta", "sem", fromJSON(file.path(here, "..", "cross_border_revised_wlsmv.json"))$model, "cross_border_simulated",
     list(estimator = "WLSMV", ordered = fromJSON(file.path(here, "..", "cross_border_revised_wlsmv.json"))$options$ordered, parameterization = "theta"))
# Groups
TWO <- "A =~ A1 + A2 + A3 + A4 + A5
N =~ N1 + N2 + N3 + N4 + N5"
items <- c(paste0("A", 1:5), paste0("N", 1:5))
equal <- list(configural = NULL, loadings = "loadings", thresholds = c("loadings", "thresholds"))
for (p in c("delta", "theta")) for (step in names(equal)) {
  options <- list(ordered = items, group = "gender", parameterization = p)
  if (length(equal[[step]])) options$group.equal <- as.list(equal[[step]])
  if (length(options$group.equal)) options$group.equal <- unlist(options$group.equal)
  case(paste("bfi_gender", step, p, sep = "_"), "cfa", TWO, "bfi", options)
}
case("bfi_gender_ulsmv", "cfa", TWO, "bfi", list(ordered = items, group = "gender", estimator = "ULSMV", group.equal = c("loadings", "thresholds")))
case("hs_ordinal_group_free_scales", "cfa", "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6
o1 ~*~ c(1, NA)*o1", "hs_ordinal", list(ordered = o[1:6], group = "school", group.equal = c("loadings", "thresholds")))
case("hs_ordinal_labelled_thresholds", "cfa", "visual =~ o1 + o2 + o3 + o7
o1 | a*t1 + t2 + t3 + t4
o2 | a*t1 + t2 + t3 + t4
o7 | 0*t1 + t2", "hs_ordinal", list(ordered = c("o1", "o2", "o3", "o7")))
# Exogenous covariates
COV <- "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6
visual ~ ageyr + sex
textual ~ visual + ageyr"
for (p in c("delta", "theta")) {
  case(paste0("hs_ordinal_covariates_", p), "sem", COV, "hs_ordinal", list(ordered = o[1:6], parameterization = p))
}
# Two-valued covariates make lavaan's Gamma singular when x is among the moments, so x7 and x8 here.
JOINT <- gsub("sex", "x8", gsub("ageyr", "x7", COV))
x_moments <- "Fixed x among the moments: Gamma has no zeros for it, so that the scaled test counts x's moments; chisq_scaled is no target."
for (p in c("delta", "theta")) {
  case(paste0("hs_ordinal_covariates_joint_", p), "sem", JOINT, "hs_ordinal", list(ordered = o[1:6], parameterization = p, conditional.x = FALSE), x_moments)
}
case("hs_ordinal_covariates_random_x", "sem", JOINT, "hs_ordinal", list(ordered = o[1:6], conditional.x = FALSE, fixed.x = FALSE))
case("hs_mixed_covariates", "sem", "visual =~ x1 + o2 + x3
textual =~ o4 + x5 + o6
visual ~ ageyr + sex
textual ~ visual + ageyr", "hs_ordinal", list(ordered = c("o2", "o4", "o6")))
case("hs_ordinal_covariates_groups", "sem", COV, "hs_ordinal", list(ordered = o[1:6], group = "school"))
# Paths between observed ordered variables
for (p in c("delta", "theta")) {
  case(paste0("probit_path_", p), "sem", "o4 ~ x1 + ageyr
o7 ~ o4 + x1", "hs_ordinal", list(ordered = c("o4", "o7"), parameterization = p))
  case(paste0("probit_path_continuous_mediator_", p), "sem", "x4 ~ x1 + ageyr
b7 ~ x4 + x1", "hs_ordinal", list(ordered = "b7", parameterization = p))
}
case("probit_regression", "sem", "o4 ~ x1 + x2 + ageyr", "hs_ordinal", list(ordered = "o4"))
case("probit_path_joint", "sem", "o4 ~ x1 + x2
o7 ~ o4 + x1", "hs_ordinal", list(ordered = c("o4", "o7"), conditional.x = FALSE), x_moments)
# Missing answers
for (missing in c("pairwise", "listwise")) {
  case(paste0("hs_ordinal_", missing), "cfa", ORD, "hs_ordinal_missing", list(ordered = o, missing = missing))
  case(paste0("hs_mixed_", missing), "cfa", "visual =~ x1 + o2 + x3
textual =~ o4 + x5 + o6", "hs_ordinal_missing", list(ordered = c("o2", "o4", "o6"), missing = missing))
}
case("bfi_pairwise", "cfa", TWO, "bfi", list(ordered = items, missing = "pairwise"))
case("bfi_gender_pairwise", "cfa", TWO, "bfi", list(ordered = items, missing = "pairwise", group = "gender"))
