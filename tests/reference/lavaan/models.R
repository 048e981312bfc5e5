# Kinds of models: MIMIC, nonrecursive, formative, second order, bifactor, growth; with means and fixed or random x.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
D <- "hs_design"
MIMIC <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + grade
textual ~ b*visual + a*ageyr
via := a*b"
NONREC <- "x4 ~ f*x7 + x1 + ageyr
x7 ~ g*x4 + x2 + grade
x4 ~~ x7
loop := f*g"
FORM <- "block <~ 1*x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ block
speed ~ block"
SECOND <- paste0(HS, "\ng =~ visual + textual + speed")
BIF <- "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9
t =~ x4 + x5 + x6
s =~ x7 + x8 + x9"
both <- function(name, model, fun = "sem", data = D, options = list(), estimators = c("ML", "MLR"), note = "") {
  for (x in c(TRUE, FALSE)) for (m in c(FALSE, TRUE)) for (e in estimators)
    case(paste(name, if (x) "fixed" else "random", if (m) "means" else "nomeans", tolower(e), sep = "_"), fun, model, data,
         c(list(estimator = e, fixed.x = x, meanstructure = m), options), note)
}
both("mimic", MIMIC, estimators = c("ML", "MLR", "MLM", "WLS", "WLSMV"))
both("nonrecursive", NONREC)
both("formative", FORM)
both("path", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", estimators = c("ML", "MLR", "MLM", "GLS", "WLS", "ULSMV"))
both("regression", "x4 ~ x1 + x2 + ageyr", estimators = c("ML", "MLR"), note = "Saturated.")
for (e in c("ML", "MLR")) for (m in c(FALSE, TRUE)) {
  tag <- paste(tolower(e), if (m) "means" else "nomeans", sep = "_")
  case(paste0("second_order_", tag), "cfa", SECOND, D, list(estimator = e, meanstructure = m))
  case(paste0("bifactor_", tag), "cfa", BIF, D, list(estimator = e, meanstructure = m, orthogonal = TRUE))
}
case("second_order_latent_means", "cfa", paste0(gsub("x1 +", "x1 + ", SECOND, fixed = TRUE), "\nx1 + x4 + x7 ~ 0*1\nvisual + textual + speed ~ 1"), D, list(meanstructure = TRUE))
case("second_order_groups_metric", "cfa", SECOND, D, list(group = "school", group.equal = "loadings"))
case("bifactor_stdlv", "cfa", BIF, D, list(orthogonal = TRUE, std.lv = TRUE))
case("conditional_x_ml", "sem", MIMIC, D, list(conditional.x = TRUE), "Moments given x.")
case("effect_coding", "cfa", HS, D, list(effect.coding = TRUE))
TIMED <- "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
i ~ x1 + x2
s ~ x1 + x2
t1 ~ c1
t2 ~ c2
t3 ~ c3
t4 ~ c4"
for (e in c("ML", "MLR", "MLM", "WLS")) case(paste0("growth_covariates_fixed_", tolower(e)), "growth", TIMED, "demo_growth", list(estimator = e, fixed.x = TRUE))
for (e in c("ML", "MLR")) case(paste0("growth_covariates_random_", tolower(e)), "growth", paste0(TIMED, "\nx1 + x2 + c1 + c2 + c3 + c4 ~ 1"), "demo_growth", list(estimator = e, fixed.x = FALSE))
case("growth_equal_residuals", "growth", "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
t1 ~~ r*t1
t2 ~~ r*t2
t3 ~~ r*t3
t4 ~~ r*t4", "demo_growth")
case("growth_quadratic", "growth", "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
q =~ 0*t1 + 1*t2 + 4*t3 + 9*t4
q ~~ 0*q + 0*i + 0*s", "demo_growth")
case("growth_wlsmv", "growth", "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4", "demo_growth", list(estimator = "WLSMV"))
case("correlated_uniqueness", "cfa", paste0(HS, "\nx7 ~~ x8\nx1 ~~ 0*x9\nvisual ~~ 0*speed"), D)
case("single_indicator", "sem", "visual =~ x1 + x2 + x3
one =~ x4
x4 ~~ 0.3*x4
one ~ visual", D)
