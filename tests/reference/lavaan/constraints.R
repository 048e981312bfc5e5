# Equalities, inequalities, bounds and defined parameters.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
covariance <- function(fit) list(vcov_names = names(coef(fit)), vcov = bare(vcov(fit)))
D <- "holzinger1939"
run <- function(name, model, options = list(), note = "", fun = "cfa", data = D) case(name, fun, model, data, options, note, covariance)
LIN <- "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + c*x5 + d*x6
speed =~ x7 + e*x8 + f*x9
a == b
c + d == 2
e == 1.2*f - 0.05
gain := c - d
ratio := e/f"
NON <- "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + c*x5 + d*x6
speed =~ x7 + e*x8 + f*x9
c*d == 1
a == exp(b) - 1.5
product := a*b
root := sqrt(e)"
ACT <- "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + c*x5 + d*x6
speed =~ x7 + e*x8 + f*x9
a > 0.6
c < 1.05
gap := a - b"
INA <- "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + c*x5 + d*x6
speed =~ x7 + e*x8 + f*x9
a > 0.1
c < 5
b < a + 1"
for (e in c("ML", "MLR", "MLM", "WLS", "WLSMV")) {
  run(paste0("hs_linear_equality_", tolower(e)), LIN, list(estimator = e))
  run(paste0("hs_nonlinear_equality_", tolower(e)), NON, list(estimator = e), "Nonlinear constraints: as exact as lavaan's augmented Lagrangian, about 1e-6.")
  run(paste0("hs_inequality_active_", tolower(e)), ACT, list(estimator = e), "lavaan's standard errors treat active inequalities as equalities; df does not count them.")
  run(paste0("hs_inequality_inactive_", tolower(e)), INA, list(estimator = e))
}
run("hs_equal_labels", "visual =~ x1 + a*x2 + a*x3
textual =~ x4 + a*x5 + x6
x1 ~~ v*x1
x2 ~~ v*x2")
run("hs_equal_modifier", "visual =~ x1 + x2 + equal(\"visual=~x2\")*x3
textual =~ x4 + x5 + x6")
run("hs_bounds_pos_var_inactive", HS, list(bounds = "pos.var"))
run("hs_bounds_standard", HS, list(bounds = "standard"))
run("hs_bounds_wide", HS, list(bounds = "wide"))
HEYWOOD <- "f =~ x2 + x3 + x7 + x8"
run("hs_heywood", HEYWOOD, list(std.lv = TRUE), "A negative residual variance, unbounded.")
run("hs_bounds_pos_var_active", HEYWOOD, list(std.lv = TRUE, bounds = "pos.var"), "One residual variance at 0.")
run("hs_bounds_pos_var_active_mlr", HEYWOOD, list(std.lv = TRUE, bounds = "pos.var", estimator = "MLR"), "One residual variance at 0.")
run("hs_lower_upper", "visual =~ x1 + lower(0.6)*x2 + x3
textual =~ x4 + upper(1.05)*x5 + x6
speed =~ x7 + x8 + x9", list(), "Two active bounds.")
run("hs_lower_inactive", "visual =~ x1 + lower(0.1)*x2 + x3
textual =~ x4 + lower(0)*x5 + upper(5)*x5 + x6
speed =~ x7 + x8 + x9")
run("democracy_linear", "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
p == 2*q + 0.3
indirect := p*r
total := q + p*r", list(), "", "sem", "political_democracy")
for (e in c("ML", "MLR")) run(paste0("democracy_nonlinear_", tolower(e)), "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
r == 1 - q*q/2
indirect := p*r
total := q + p*r", list(estimator = e), "Nonlinear constraint.", "sem", "political_democracy")
run("democracy_linear_mlr", "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
p == 2*q + 0.3
indirect := p*r", list(estimator = "MLR"), "", "sem", "political_democracy")
run("hs_ordinal_constraint", "visual =~ o1 + a*o2 + b*o3
textual =~ o4 + c*o5 + d*o6
a == b
c == 2 - d
gap := a - c", list(ordered = paste0("o", 1:6)), "", "cfa", "hs_ordinal")
run("hs_ordinal_constraint_theta", "visual =~ o1 + a*o2 + b*o3
textual =~ o4 + c*o5 + d*o6
a == b
c*d == 1.1", list(ordered = paste0("o", 1:6), parameterization = "theta"), "Nonlinear constraint.", "cfa", "hs_ordinal")
run("hs_fiml_constraint", LIN, list(missing = "ml"), "", "cfa", "hs_design_missing")
run("hs_fiml_constraint_mlr", LIN, list(missing = "ml", estimator = "MLR"), "", "cfa", "hs_design_missing")
