# Incomplete data: full information ML with fixed and random x, groups, growth, auxiliary variables.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
exact <- "Saturated moments by EM to 1e-13, not to lavaan's 1e-5."
saturated <- function(fit) {
  got <- lavInspect(fit, "sampstat.h1"); pat <- lavInspect(fit, "patterns")
  one <- function(s) list(cov = bare(s$cov), mean = bare(s$mean))
  list(saturated = if (lavInspect(fit, "ngroups") > 1) lapply(got, one) else one(got),
       n_patterns = if (is.list(pat)) lapply(pat, nrow) else nrow(pat))
}
fiml <- function(name, fun, model, data, options, note = "") case(name, fun, model, data, options, trimws(paste(note, exact)), saturated)
D <- "hs_design_missing"
fiml("hs_fiml", "cfa", HS, D, list(missing = "ml"))
fiml("hs_fiml_expected", "cfa", HS, D, list(missing = "ml", information = "expected"))
fiml("hs_fiml_first_order", "cfa", HS, D, list(missing = "ml", information = "first.order"))
fiml("hs_fiml_h1_observed", "cfa", HS, D, list(missing = "ml", observed.information = "h1"), "Observed information at the saturated moments.")
fiml("hs_fiml_mlr", "cfa", HS, D, list(missing = "ml", estimator = "MLR"))
fiml("hs_fiml_mlf", "cfa", HS, D, list(missing = "ml", estimator = "MLF"))
for (test in c("yuan.bentler", "yuan.bentler.mplus")) fiml(paste0("hs_fiml_test_", gsub(".", "_", test, fixed = TRUE)), "cfa", HS, D, list(missing = "ml", se = "robust.huber.white", test = test))
fiml("hs_fiml_groups", "cfa", HS, D, list(missing = "ml", group = "school"))
fiml("hs_fiml_groups_metric", "cfa", HS, D, list(missing = "ml", group = "school", group.equal = "loadings"))
fiml("hs_fiml_groups_scalar_mlr", "cfa", HS, D, list(missing = "ml", group = "school", group.equal = c("loadings", "intercepts"), estimator = "MLR"))
fiml("hs_fiml_sites_mlr", "cfa", HS, D, list(missing = "ml", group = "site", estimator = "MLR"))
COV <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + grade
textual ~ b*visual + ageyr"
dropped <- "Rows with a missing covariate are dropped: x is fixed."
for (e in c("ML", "MLR")) {
  fiml(paste0("hs_fiml_covariates_fixed_", tolower(e)), "sem", COV, D, list(missing = "ml", estimator = e), dropped)
  fiml(paste0("hs_fiml_covariates_ml_x_", tolower(e)), "sem", COV, D, list(missing = "ml.x", estimator = e), "Rows with a missing covariate stay, x is fixed at its EM moments.")
  fiml(paste0("hs_fiml_covariates_random_", tolower(e)), "sem", COV, D, list(missing = "ml", estimator = e, fixed.x = FALSE))
}
fiml("hs_fiml_covariates_complete_x", "sem", gsub("grade", "sex", gsub("ageyr", "agemo", COV)), D, list(missing = "ml"))
fiml("hs_fiml_covariates_complete_x_expected", "sem", gsub("grade", "sex", gsub("ageyr", "agemo", COV)), D, list(missing = "ml", information = "expected"))
fiml("hs_fiml_covariates_groups", "sem", gsub("grade", "sex", gsub("ageyr", "agemo", COV)), D, list(missing = "ml", group = "school"))
PATH <- "x4 ~ a*x1 + c*ageyr
x7 ~ b*x4 + x1
indirect := a*b"
fiml("hs_fiml_path_fixed", "sem", PATH, D, list(missing = "ml"), dropped)
fiml("hs_fiml_path_ml_x", "sem", PATH, D, list(missing = "ml.x"))
fiml("hs_fiml_path_random", "sem", PATH, D, list(missing = "ml", fixed.x = FALSE))
LINEAR <- "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"
G <- "demo_growth_missing"
for (e in c("ML", "MLR")) fiml(paste0("growth_fiml_", tolower(e)), "growth", LINEAR, G, list(missing = "ml", estimator = e))
TIMED <- paste0(LINEAR, "\ni ~ x1 + x2\ns ~ x1 + x2\nt1 ~ c1\nt2 ~ c2\nt3 ~ c3\nt4 ~ c4")
fiml("growth_fiml_covariates", "growth", TIMED, G, list(missing = "ml"), dropped)
fiml("growth_fiml_covariates_random", "growth", paste0(TIMED, "\nx1 + x2 + c1 + c2 + c3 + c4 ~ 1"), G, list(missing = "ml", fixed.x = FALSE), "growth() fixes the means of random covariates at 0 unless the model frees them.")
fiml("democracy_fiml_equal", "sem", "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ ind60
dem65 ~ ind60 + dem60", "political_democracy", list(missing = "ml"), "No value is missing: the same as ML with means and observed information.")
fiml("hs_fiml_covariates_label_groups", "sem", PATH, D, list(missing = "ml.x", group = "school"), "One label for both groups: equal across groups.")
for (m in c("two.stage", "robust.two.stage", "pairwise")) case(paste0("hs_missing_", gsub(".", "_", m, fixed = TRUE)), "cfa", HS, D, list(missing = m))
case("hs_missing_listwise_mlr", "cfa", HS, D, list(missing = "listwise", estimator = "MLR"))

# Auxiliary variables, the saturated correlates way (Graham, 2003); semTools::auxiliary makes the same model.
suppressMessages(library(semTools))
target <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6"
aux <- c("x7", "x8")
if (!length(ONLY) || grepl(ONLY[1], "auxiliary")) {
  plain_fit <- cfa.auxiliary(target, data = data_of(D), aux = aux, missing = "fiml")
  text <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
x7 ~~ x8 + x1 + x2 + x3 + x4 + x5 + x6
x8 ~~ x1 + x2 + x3 + x4 + x5 + x6"
  with_aux <- case("hs_fiml_auxiliary", "cfa", text, D, list(missing = "ml"),
                   paste("x7 and x8 are auxiliary: semTools::cfa.auxiliary(target, aux) has the same estimates, chisq and df; target, auxiliary and the measures of semTools' saturated baseline are added."),
                   function(fit) {
                     m <- suppressWarnings(fitMeasures(plain_fit, c("chisq", "df", "cfi", "tli", "rmsea", "baseline.chisq", "baseline.df", "npar")))
                     stopifnot(abs(m["chisq"] - fit@test[[1]]$stat) < 1e-4, m["df"] == fit@test[[1]]$df)
                     list(target = target, auxiliary = aux, semtools = named(m))
                   })
}
