# Several groups: modifiers of single groups, every kind of equality, three groups, corrected tests.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
D <- "hs_design"
case("hs_groups_modifiers", "cfa", "visual =~ x1 + c(a1, a2)*x2 + c(0.7, NA)*x3
textual =~ x4 + c(b, b)*x5 + x6
speed =~ x7 + x8 + x9
visual ~~ c(0.2, NA)*speed
x1 ~~ c(v, v)*x1
x7 ~ c(NA, 4)*1
difference := a1 - a2", D, list(group = "school"))
case("hs_groups_start", "cfa", "visual =~ x1 + start(c(0.6, 0.5))*x2 + x3
textual =~ x4 + x5 + x6", D, list(group = "school"))
case("hs_groups_label_means_equal", "cfa", "visual =~ x1 + a*x2 + x3
textual =~ x4 + x5 + b*x6", D, list(group = "school"), "One label for both groups: equal across groups.")
case("hs_groups_constraint", "cfa", "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3
textual =~ x4 + x5 + x6
a1 == a2
b1 == 1.2*b2", D, list(group = "school"))
case("hs_groups_blocks", "cfa", "group: 1
visual =~ x1 + x2 + x3
group: 2
visual =~ x1 + x2 + x3 + x4", D, list(group = "school"), "Two models, one a group.")
kinds <- list(loadings = "loadings", intercepts = "intercepts", residuals = "residuals", lv_variances = c("loadings", "lv.variances"),
              lv_covariances = c("loadings", "lv.variances", "lv.covariances"), means = c("loadings", "intercepts", "means"),
              scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"),
              all = c("loadings", "intercepts", "residuals", "residual.covariances", "lv.variances", "lv.covariances", "means"))
RES <- paste0(HS, "\nx7 ~~ x8")
for (kind in names(kinds)) case(paste0("hs_groups_equal_", kind), "cfa", if (kind == "all") RES else HS, D, list(group = "school", group.equal = kinds[[kind]]))
case("hs_groups_equal_residual_covariances", "cfa", RES, D, list(group = "school", group.equal = c("loadings", "residual.covariances")))
case("hs_groups_equal_regressions", "sem", paste0(HS, "\nspeed ~ visual + textual"), D, list(group = "school", group.equal = c("loadings", "regressions")))
case("hs_groups_equal_stdlv", "cfa", HS, D, list(group = "school", group.equal = "loadings", std.lv = TRUE))
case("hs_groups_equal_stdlv_scalar", "cfa", HS, D, list(group = "school", group.equal = c("loadings", "intercepts"), std.lv = TRUE))
case("hs_groups_partial", "cfa", HS, D, list(group = "school", group.equal = c("loadings", "intercepts"), group.partial = c("visual =~ x2", "x7 ~ 1")))
for (e in c("MLR", "MLM", "MLMV", "MLMVS", "MLF", "GLS", "WLS", "ULSMV", "WLSMV")) {
  case(paste0("hs_groups_", tolower(e)), "cfa", HS, D, list(group = "school", estimator = e))
  case(paste0("hs_groups_metric_", tolower(e)), "cfa", HS, D, list(group = "school", estimator = e, group.equal = "loadings"))
  case(paste0("hs_groups_scalar_", tolower(e)), "cfa", HS, D, list(group = "school", estimator = e, group.equal = c("loadings", "intercepts")))
}
for (kind in c("configural", "scalar")) for (e in c("ML", "MLR")) {
  o <- list(group = "school", estimator = e, likelihood = "wishart"); if (kind == "scalar") o$group.equal <- c("loadings", "intercepts")
  case(paste("hs_groups", kind, tolower(e), "wishart", sep = "_"), "cfa", HS, D, o)
}
for (e in c("ML", "MLR", "MLM")) case(paste0("hs_three_groups_", tolower(e)), "cfa", HS, D, list(group = "site", estimator = e, group.equal = "loadings"))
case("hs_three_groups_no_means", "cfa", HS, D, list(group = "site", group.equal = "loadings", meanstructure = FALSE), "meanstructure = FALSE is kept.")
case("hs_three_groups_labels", "cfa", HS, D, list(group = "site", group.label = c("west", "north", "south")), "Groups in another order.")
case("hs_two_of_three_groups", "cfa", HS, D, list(group = "site", group.label = c("west", "north")), "A group is left out.")
for (test in c("satorra.bentler", "mean.var.adjusted", "scaled.shifted", "browne.residual.adf", "browne.residual.nt", "yuan.bentler"))
  case(paste0("hs_groups_metric_test_", gsub(".", "_", test, fixed = TRUE)), "cfa", HS, D, list(group = "school", group.equal = "loadings", test = test))
case("path_groups", "sem", "x4 ~ c(a1, a2)*x1 + ageyr
x7 ~ c(b1, b2)*x4 + x1
ind1 := a1*b1
ind2 := a2*b2
gap := ind1 - ind2", D, list(group = "school"))
case("path_groups_mlr", "sem", "x4 ~ c(a1, a2)*x1 + ageyr
x7 ~ c(b1, b2)*x4 + x1
ind1 := a1*b1
ind2 := a2*b2
gap := ind1 - ind2", D, list(group = "school", estimator = "MLR"))
case("path_groups_regressions", "sem", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", D, list(group = "school", group.equal = c("regressions", "intercepts")))
