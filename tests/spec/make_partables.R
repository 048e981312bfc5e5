# Writes partables.json: parameter tables of lavaan for the models of the spec tests.
#
#   Rscript tests/spec/make_partables.R tests/spec/partables.json
#
# The tables are those of cfa(), sem() and growth() themselves, called with do.fit = FALSE on an
# equicorrelation matrix (ordered = : on random categories), so that no default has to be spelled out here.
suppressMessages(library(lavaan))
library(jsonlite)

hs <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"

democracy <- "
  # measurement model
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + a*y2 + b*y3 + c*y4
    dem65 =~ y5 + a*y6 + b*y7 + c*y8

  # regressions
    dem60 ~ ind60
    dem65 ~ ind60 + dem60

  # residual correlations
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7
    y4 ~~ y8
    y6 ~~ y8
"

growth_covariates <- "
  i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
  s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
  i ~ x1 + x2
  s ~ x1 + x2
  t1 ~ c1
  t2 ~ c2
  t3 ~ c3
  t4 ~ c4
"

cross_border <- "B1 =~ C3 + C1 + C2 + C4
B2 =~ C7 + C5 + C6 + C8 + C9 + C10
B3 =~ C11 + C12
B4 =~ C17 + C15 + C16 + C18
B5 =~ C21 + C19 + C20 + C22
B6 =~ C23 + C24
A1 =~ C26 + C27
A2 =~ C29 + C28
A1 ~ B1 + B2 + B3
A2 ~ B4 + B5 + B6"

case <- function(name, model, fun = "sem", ...) {
  list(name = name, model = model, fun = fun, options = list(...))
}

cases <- list(
  case("hs_cfa", hs, "cfa"),
  case("hs_std_lv", hs, "cfa", std.lv = TRUE),
  case("hs_orthogonal", hs, "cfa", orthogonal = TRUE),
  case("hs_orthogonal_std_lv", hs, "cfa", orthogonal = TRUE, std.lv = TRUE),
  case("hs_meanstructure", hs, "cfa", meanstructure = TRUE),
  case("hs_std_lv_means", hs, "cfa", std.lv = TRUE, meanstructure = TRUE),
  case("hs_two_groups", hs, "cfa", n_groups = 2),
  case("hs_three_groups", hs, "cfa", n_groups = 3),
  case("hs_growth", hs, "growth"),
  case("hs_intercepts", paste(hs, "x1 ~ 1\nx5 ~ 1\nvisual ~ 0*1\nx2 ~ 0.5*1", sep = "\n"), "cfa"),
  case("hs_free_marker", paste0("visual =~ NA*x1 + x2 + x3\nvisual ~~ 1*visual\n",
    "textual =~ NA*x4 + x5 + x6\ntextual ~~ 1*textual"), "cfa"),
  case("hs_fixed_values", "visual =~ x1 + 0.5*x2 + start(0.8)*x3
    textual =~ x4 + -1*x5 + 1/3*x6 + sqrt(2)*x7 + 2*3*x8 + 1e-1*x9", "cfa"),
  case("hs_second_order", paste(hs, "g =~ visual + textual + speed", sep = "\n"), "cfa"),
  case("hs_second_order_std", paste(hs, "g =~ visual + textual + speed", sep = "\n"), "cfa",
    std.lv = TRUE),
  case("hs_second_order_means", paste(hs, "g =~ NA*visual + textual + speed\ng ~~ 1*g",
    sep = "\n"), "cfa", meanstructure = TRUE),
  case("hs_bifactor", "g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\nvisual =~ x1+x2+x3\nspeed =~ x7+x8+x9",
    "cfa", orthogonal = TRUE, std.lv = TRUE),
  case("hs_partly_orthogonal", paste(hs, "visual ~~ 0*speed", sep = "\n"), "cfa"),
  case("hs_orthogonal_but_one", paste(hs, "speed ~~ visual", sep = "\n"), "cfa",
    orthogonal = TRUE),
  case("hs_std_lv_user_variance", paste(hs, "visual ~~ visual\nspeed ~~ NA*speed", sep = "\n"),
    "cfa", std.lv = TRUE),
  case("hs_std_lv_marker", "visual =~ 1*x1 + x2 + x3\nspeed =~ x7+x8+x9", "cfa", std.lv = TRUE),
  case("hs_residual_covariances", paste(hs, "x7 ~~ x1\nx4 ~~ 0.2*x1\nx2 ~~ a*x2", sep = "\n"),
    "cfa"),
  case("hs_equal_residuals", paste(hs, "x1 ~~ v*x1\nx2 ~~ v*x2\nx3 ~~ v*x3", sep = "\n"), "cfa"),
  case("tau_equivalent", "f =~ a*x1 + a*x2 + a*x3 + a*x4", "cfa"),
  case("tau_equivalent_std", "f =~ a*x1 + a*x2 + a*x3 + a*x4", "cfa", std.lv = TRUE),
  case("label_of_fixed", "f =~ x1 + a*x2 + 2*x3 + a*x3 + a*x4\ng =~ y1 + b*y2 + y3", "cfa"),
  case("groups_labels", "f =~ x1 + c(a, b)*x2 + c(a, a)*x3 + k*x4", "cfa", n_groups = 2),
  case("groups_values", "visual =~ x1 + 0.5*x2 + c(0.6, 0.8)*x3
    textual =~ x4 + start(c(1.2, 0.6))*x5 + c(1, NA)*x6
    speed =~ x7 + x8 + c(x9.group1, x9.group2)*x9
    x1 ~ c(0, NA)*1", "cfa", n_groups = 2),
  case("groups_free_marker", "f =~ c(NA, 1)*x1 + x2 + x3\nf ~~ c(1, NA)*f\nf ~ c(0, NA)*1", "cfa",
    n_groups = 2),
  case("groups_regression", paste(hs, "speed ~ c(b1, b2)*visual + textual\ndiff := b1 - b2",
    sep = "\n"), "sem", n_groups = 2),
  case("groups_metric", hs, "cfa", n_groups = 2, group.equal = "loadings"),
  case("groups_metric_std", hs, "cfa", n_groups = 2, std.lv = TRUE, group.equal = "loadings"),
  case("groups_scalar", hs, "cfa", n_groups = 2, group.equal = c("loadings", "intercepts")),
  case("groups_scalar_std", hs, "cfa", n_groups = 2, std.lv = TRUE,
    group.equal = c("loadings", "intercepts")),
  case("groups_strict", hs, "cfa", n_groups = 2,
    group.equal = c("loadings", "intercepts", "residuals")),
  case("groups_partial", paste(hs, "x1 ~~ x4", sep = "\n"), "cfa", n_groups = 2,
    group.equal = c("loadings", "intercepts", "residuals", "residual.covariances", "means",
      "lv.variances", "lv.covariances"), group.partial = c("visual =~ x2", "x7 ~ 1")),
  case("groups_equal_regressions", paste(hs, "speed ~ visual + textual\nvisual ~ age\ny ~ speed",
    sep = "\n"), "sem", n_groups = 3, group.equal = c("loadings", "regressions")),
  case("groups_equal_with_labels", "f =~ x1 + c(a, b)*x2 + x3 + d*x4", "cfa", n_groups = 2,
    group.equal = "loadings"),
  case("democracy", democracy),
  case("democracy_means", democracy, meanstructure = TRUE),
  case("democracy_std_lv", democracy, std.lv = TRUE),
  case("democracy_constraints", paste0(democracy, "\n dem60 ~ p*ind60\n"), expect_error = TRUE),
  case("democracy_defined", "ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ p*ind60
    dem65 ~ q*ind60 + r*dem60
    indirect := p*r
    total := q + (p*r)
    r == 1 - q/2
    p > 0
    q < exp(p)^2"),
  case("growth_covariates", growth_covariates, "growth"),
  case("growth_quadratic", "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
    s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
    q =~ 0*t1 + 1*t2 + 4*t3 + 9*t4
    t1 ~~ v*t1; t2 ~~ v*t2; t3 ~~ v*t3; t4 ~~ v*t4", "growth"),
  case("growth_user_means", "i =~ 1*t1 + 1*t2 + 1*t3\ns =~ 0*t1 + 1*t2 + 2*t3\ni ~ m*1\nt3 ~ 1",
    "growth"),
  case("growth_groups", growth_covariates, "growth", n_groups = 2),
  case("mimic", "f =~ x1 + x2 + x3\nf ~ age + sex + income"),
  case("mimic_means", "f =~ x1 + x2 + x3\nf ~ age + sex + income", meanstructure = TRUE),
  case("mimic_direct_effect", "f =~ x1 + x2 + x3\nf ~ age + sex\nx2 ~ age", fixed.x = FALSE),
  case("mimic_intercepts", "f =~ x1 + x2 + x3\nf ~ 1 + age + sex\nx2 ~ age + 0*1"),
  case("path_fixed_x", "t4 ~ t3 + x1\nt3 ~ t2 + x2"),
  case("path_random_x", "t4 ~ t3 + x1\nt3 ~ t2 + x2", fixed.x = FALSE),
  case("path_means", "t4 ~ t3 + x1\nt3 ~ t2 + x2", meanstructure = TRUE),
  case("path_random_x_means", "t4 ~ t3 + x1\nt3 ~ t2 + x2", meanstructure = TRUE, fixed.x = FALSE),
  case("path_user_x_covariance", "y ~ x1 + x2 + x3\nx1 ~~ x2"),
  case("path_user_x_variance", "y ~ x1 + x2 + x3\nx3 ~~ x3\nx1 ~ 1"),
  case("path_user_x_covariance_random", "y ~ x1 + x2 + x3\nx1 ~~ x2", fixed.x = FALSE),
  case("path_several_left", "y1 + y2 ~ x1 + x2\ny3 ~ y1 + y2"),
  case("path_several_left_covariance", "y1 + y2 ~ x1 + x2\ny3 ~ x2\ny1 + y2 ~~ y3"),
  case("path_no_intercept", "y ~ 0 + x\nz ~ x + 1"),
  case("path_mediation", "y ~ c*x\nm ~ a*x\ny ~ b*m\nab := a*b\ntotal := c + (a*b)"),
  case("path_groups", "y ~ c(a1, a2)*x + z", n_groups = 2),
  case("path_intercept_labels", "x1 + x2 + x3 ~ m*1\nx1 ~~ x2 + x3; x2 ~~ x3"),
  case("nonrecursive", "y1 ~ y2 + x1\ny2 ~ y1 + x2\ny1 ~~ y2"),
  case("nonrecursive_latent", "f1 =~ a1+a2+a3; f2 =~ b1+b2+b3; f1 ~ f2 + x; f2 ~ f1 + z"),
  case("formative", "f =~ y1 + y2 + y3\nh <~ 1*z1 + z2 + z3\nf ~ h"),
  case("formative_first", "h <~ z1 + z2 + z3\nf =~ y1 + y2 + y3\ng =~ y4 + y5\nf + g ~ h",
    meanstructure = TRUE),
  case("formative_std_lv", "h <~ 1*z1 + z2\nf =~ y1 + y2 + y3\ny9 ~ h\nf ~ h", std.lv = TRUE),
  case("formative_final", "h <~ z1 + z2\nf =~ y1 + y2 + y3\nh ~ f\ny ~ f"),
  case("formative_unconnected", "h <~ z1 + z2\nf =~ y1 + y2 + y3\ng =~ y4 + y5\ng ~ x"),
  case("formative_measured", "h <~ z1 + z2\nh =~ y1 + y2\nf =~ y3 + y4\nf ~ h"),
  case("formative_of_dependent", "y ~ x\nw ~ x\nh <~ y + 1*z\nw ~ h\nv ~ x"),
  case("formative_of_latent", "f =~ y1 + y2 + y3\nh <~ 1*f + z\ny ~ h", meanstructure = TRUE),
  case("formative_user_variance", "h <~ 1*z1 + z2\nh ~~ h\nf =~ y1 + y2\nf ~ h\ny8 ~ h"),
  case("formative_random_x", "f =~ y1 + y2 + y3\nh <~ 1*z1 + z2\nf ~ h + w", fixed.x = FALSE),
  case("single_indicator", "f =~ x1\ng =~ y1 + y2 + y3\ng ~ f"),
  case("single_indicator_user_variance", "f =~ x1\nx1 ~~ 0.3*x1\ng =~ y1 + y2 + y3\nh =~ z1\ng~f+h"),
  case("single_indicator_std_lv", "f =~ x1\ng =~ y1 + y2 + y3", "cfa", std.lv = TRUE),
  case("single_indicator_shared", "f =~ x1\ng =~ x1 + y2 + y3\nh =~ x1", "cfa"),
  case("single_indicator_both", "f =~ x1\nh =~ x1\ng =~ y1 + y2", "cfa", orthogonal = TRUE),
  case("single_indicator_chain", "f =~ x1 + x2\ng =~ f\nk =~ g", "cfa", std.lv = TRUE),
  case("single_indicator_latent", "f =~ x1 + x2\ng =~ f\nh =~ f + y1 + y2\nk =~ h", "cfa"),
  case("single_indicator_predicted", "f =~ x1\nx1 ~ w\ng =~ f"),
  case("phantom", "y ~ f + x\nf =~ 0\nf ~~ 1*f"),
  case("final_dependent", "f2 ~ f1 + x; y1 ~ f1; f3 ~ f1; y0 ~ x; f1 =~ a1 + a2; f2 =~ b1 + b2
    f3 =~ c1 + c2"),
  case("final_dependent_orthogonal", "f2 ~ f1 + x; y1 ~ f1; f3 ~ f1; y0 ~ x; f1 =~ a1 + a2
    f2 =~ b1 + b2; f3 =~ c1 + c2", orthogonal = TRUE),
  case("indicator_regressed", "f =~ x1 + x2 + x3\nx3 ~ x1 + age\ny ~ x2 + f"),
  case("factor_and_observed", "f =~ x1 + x2 + x3\ny ~~ f\nz ~~ x2"),
  case("covariances_only", "a ~~ b + d\nd ~~ b"),
  case("intercept_before_covariance", "k ~ 1\nh ~~ m\nf =~ x1 + x2 + x3"),
  case("latent_covariance_swapped", "f1 =~ x1 + x2\nf2 =~ x3 + x4\nf2 ~~ f1\nx4 ~~ x1\nx3 ~~ f1"),
  case("order_of_text", "y ~ f + w\nx3 ~~ x1\nf =~ x1 + x2 + x3\ng =~ x4 + x5\nw ~~ v\ng ~ f"),
  case("second_order_mixed", "g =~ f1 + x7 + f2\nf1 =~ x1 + x2\nf2 =~ x3 + x4\ng ~ age\nf2 ~ age"),
  case("higher_order_covariances", "f1 =~ x1+x2\nf2 =~ x3+x4\nf3 =~ x5+x6\ng =~ f1 + f2\nf1 ~ z
    f3 ~ g + z\ny ~ g"),
  case("equal_function", "f1 =~ 1*y1 + 1*y2 + 1*y3\ny1 ~ 1\ny2 ~ equal('y1~1')*1
    y3 ~ equal('y1~1')*1\nf1 =~ b*y4 + equal('b')*y5", "cfa"),
  case("label_function", "f =~ x1 + label('two words')*x2 + label('q')*x3 + start(2)*x3\nf ~~ v*f",
    "cfa"),
  case("bounds", "f =~ x1 + lower(0)*x2 + upper(2)*x3 + lower(-1)*x3\nx1 ~~ lower(0.01)*x1", "cfa"),
  case("marker_with_start", "f =~ start(0.8)*x1 + x2 + x3\ng =~ y1 + start(0.7)*y2 + 0.5?y3", "cfa"),
  case("two_formulas_one_factor", "f =~ x1\nf =~ x2 + x3; f =~ 0.9*x4", "cfa"),
  case("comments_and_lines", "# first\nf =~ x1 +   # marker\n   x2 +\n x3 ! last\n\n;f ~\n age\n"),
  case("cross_border", cross_border),
  case("cross_border_listed", paste(cross_border, "A1 ~~ A2
B1 ~~ B2 + B3 + B4 + B5 + B6
B2 ~~ B3 + B4 + B5 + B6
B3 ~~ B4 + B5 + B6
B4 ~~ B5 + B6
B5 ~~ B6
C11 ~~ C12
C2 ~~ C3
C9 ~~ C10
C17 ~~ C18
C20 ~~ C21", sep = "\n")),
  case("cross_border_constraints", paste0(cross_border, "
A1 ~ h1*B1
"), expect_error = TRUE),
  case("cross_border_coordination", "B1 =~ C3 + C1 + C2 + C4\nB4 =~ C17 + C15 + C16 + C18
A1 =~ C26 + C27\nA1 ~ h1*B1 + h2*B4\ncoupling := h1*h2\nstronger := h1 - h2\nh1 == 2*h2"),
  case("chinese_names", "信任 =~ 问题1 + 问题2 + 问题3\n满意 =~ 项目.1 + 项目_2\n满意 ~ b*信任"),
  case("lavaan_bare", paste(hs, "visual ~~ textual\nx1 ~~ x1", sep = "\n"), "lavaan"),
  case("lavaan_bare_std_lv", paste(hs, "g =~ x9", sep = "\n"), "lavaan", std.lv = TRUE),
  case("lavaan_variances", hs, "lavaan", auto.var = TRUE, auto.fix.first = TRUE),
  case("lavaan_covariances", "f =~ 1*x1 + x2\ng =~ 1*x3 + x4\nh =~ x5\ny ~ f\nz ~ g + w", "lavaan",
    auto.cov.lv.x = TRUE, auto.var = TRUE, auto.fix.single = TRUE, meanstructure = TRUE,
    int.ov.free = TRUE),
  case("lavaan_dependent", "f =~ 1*x1 + x2\ny ~ f\nz ~ f + w", "lavaan", auto.cov.y = TRUE,
    auto.var = TRUE, meanstructure = TRUE),
  case("ordered_cfa", hs, "cfa", ordered = paste0("x", 1:9)),
  case("ordered_some", hs, "cfa", ordered = c("x2", "x9", "x4")),
  case("ordered_std_lv", hs, "cfa", ordered = paste0("x", 1:9), std.lv = TRUE),
  case("ordered_sem", paste(hs, "speed ~ visual\nx1 ~~ x4", sep = "\n"), "sem",
    ordered = paste0("x", 1:9)),
  case("ordered_user_thresholds", paste(hs, "x1 | a*t1 + t2\nx4 | 0*t1", sep = "\n"), "cfa",
    ordered = paste0("x", 1:9)),
  case("ordered_groups", hs, "cfa", ordered = paste0("x", 1:9), n_groups = 2),
  case("ordered_covariates", "f =~ x1 + x2 + x3\nf ~ age + sex\ny ~ f", "sem",
    ordered = c("x1", "x2", "x3")),
  case("ordered_observed", "y ~ f\nf =~ x1 + x2 + x3\nx1 ~~ x1", "sem", ordered = c("x1", "y"))
)

sample_for <- function(case) {
  n_groups <- if (is.null(case$options$n_groups)) 1L else case$options$n_groups
  names <- lavNames(lavaanify(case$model, auto = TRUE, ngroups = n_groups, warn = FALSE), "ov")
  p <- length(names)
  if (!is.null(case$options$ordered)) {
    set.seed(1)
    data <- as.data.frame(matrix(rnorm(600 * p), 600, p, dimnames = list(NULL, names)))
    for (name in case$options$ordered) {
      data[[name]] <- cut(data[[name]], c(-Inf, -0.5, 0.5, Inf), labels = FALSE)
    }
    if (n_groups > 1) data$the_group <- rep(seq_len(n_groups), length.out = 600)
    return(c(list(data = data), if (n_groups > 1) list(group = "the_group")))
  }
  cov <- diag(0.7, p) + 0.3
  dimnames(cov) <- list(names, names)
  mean <- setNames(rep(0, p), names)
  with_means <- n_groups > 1 || isTRUE(case$options$meanstructure) || case$fun == "growth" ||
    any(lavaanify(case$model, ngroups = n_groups, warn = FALSE)$op == "~1")
  if (n_groups > 1) {
    cov <- rep(list(cov), n_groups)
    mean <- rep(list(mean), n_groups)
  }
  c(list(sample.cov = cov, sample.nobs = rep(100, n_groups)),
    if (with_means) list(sample.mean = mean))
}

table_of <- function(case) {
  options <- case$options[!names(case$options) %in% c("n_groups", "expect_error")]
  call <- c(list(model = case$model, do.fit = FALSE, warn = FALSE), sample_for(case), options)
  fit <- suppressWarnings(do.call(case$fun, call))
  table <- as.data.frame(parTable(fit), stringsAsFactors = FALSE)
  if (is.null(table$label)) table$label <- ""
  rows <- table[table$user != 2L, ]
  user <- rows$op %in% c("==", ":=", "<", ">")
  limits <- data.frame(index = which(!user), lower = -Inf, upper = Inf)
  if (!is.null(rows$lower)) limits$lower <- rows$lower[!user]
  if (!is.null(rows$upper)) limits$upper <- rows$upper[!user]
  bounded <- rows$free[!user] > 0 & (is.finite(limits$lower) | is.finite(limits$upper))
  limits[, -1][!is.finite(as.matrix(limits[, -1]))] <- NA
  list(
    rows = data.frame(
      lhs = rows$lhs, op = rows$op, rhs = rows$rhs, user = rows$user, group = pmax(rows$group, 1L),
      free = rows$free > 0, ustart = ifelse(rows$exo == 1, NA, rows$ustart), label = rows$label,
      exo = rows$exo == 1
    )[!user, ],
    bounds = limits[bounded, ],
    constraints = rows[user, c("lhs", "op", "rhs")],
    npar = max(rows$free),
    ov = I(lavNames(fit, "ov")), lv = I(lavNames(fit, "lv")), ov_x = I(lavNames(fit, "ov.x"))
  )
}

results <- list()
for (case in cases) {
  if (isTRUE(case$options$expect_error)) {
    failed <- inherits(try(table_of(case), silent = TRUE), "try-error")
    stopifnot(failed)
    results[[case$name]] <- list(model = case$model, fun = case$fun, refused = TRUE)
    next
  }
  table <- try(table_of(case), silent = TRUE)
  if (inherits(table, "try-error")) stop(case$name, ": ", table)
  results[[case$name]] <- c(list(model = case$model, fun = case$fun,
    options = case$options), table)
}
arguments <- commandArgs(trailingOnly = TRUE)
lines <- vapply(results, function(result) {
  toJSON(result, auto_unbox = TRUE, na = "null", null = "null", digits = NA, dataframe = "values")
}, "")
writeLines(c(
  sprintf('{"software": "lavaan %s",', packageVersion("lavaan")),
  '"row": ["lhs", "op", "rhs", "user", "group", "free", "ustart", "label", "exo"],',
  '"bound": ["row, 1-based", "lower", "upper"],', '"cases": {',
  paste0('"', names(results), '": ', lines, c(rep(",", length(lines) - 1), "")), "}}"
), arguments[[1]], useBytes = TRUE)
