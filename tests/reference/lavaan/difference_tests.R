# Nested models: plain, Satorra-Bentler 2001 and 2010, Satorra 2000 (scaled-shifted and mean-and-variance adjusted).
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
TWO <- "A =~ A1 + A2 + A3 + A4 + A5
N =~ N1 + N2 + N3 + N4 + N5"
items <- c(paste0("A", 1:5), paste0("N", 1:5))
steps <- list(configural = list(), metric = list(group.equal = "loadings"), scalar = list(group.equal = c("loadings", "intercepts")))
o_steps <- list(configural = list(), loadings = list(group.equal = "loadings"), thresholds = list(group.equal = c("loadings", "thresholds")))
out <- list()
pair <- function(name, fun, data, free, restricted, base, methods, model0 = NULL, model1 = NULL) {
  one <- fit_of(fun, model1, data, c(base, free))$fit
  two <- fit_of(fun, model0, data, c(base, restricted))$fit
  tests <- list()
  for (label in names(methods)) {
    heard <- character()
    got <- tryCatch(withCallingHandlers(do.call(lavTestLRT, c(list(one, two), methods[[label]])), warning = function(w) {
      heard <<- c(heard, gsub("\\s+", " ", conditionMessage(w))); invokeRestart("muffleWarning") }), error = function(e) { cat(name, label, conditionMessage(e), "\n"); NULL })
    if (is.null(got)) next
    row <- as.data.frame(got)[2, ]
    tests[[label]] <- list(arguments = methods[[label]], chisq = row[["Chisq diff"]], df = row[["Df diff"]], pvalue = row[["Pr(>Chisq)"]], warnings = as.list(unique(heard)))
    cat(sprintf("%-40s %-26s %10.5f %8.4f %8.2e\n", name, label, row[["Chisq diff"]], row[["Df diff"]], row[["Pr(>Chisq)"]]))
  }
  # The parts that the formulas are made of.
  parts <- function(fit) { m <- fit@test; list(chisq = m[[1]]$stat, df = m[[1]]$df, scaling_factor = if (length(m) > 1) m[[2]]$scaling.factor) }
  out[[name]] <<- list(fun = fun, data = data, free = list(model = model1, options = c(base, free), parts = parts(one)),
                       restricted = list(model = model0, options = c(base, restricted), parts = parts(two)), tests = tests)
}
plain_tests <- list(plain = list())
# A.method = "exact" needs the same parameters in both models, so not where latent means become free.
satorra_2000 <- function(exact) {
  methods <- list(default = list(),
                  satorra_2000_scaled_shifted_delta = list(method = "satorra.2000", A.method = "delta", scaled.shifted = TRUE),
                  satorra_2000_mean_var_delta = list(method = "satorra.2000", A.method = "delta", scaled.shifted = FALSE))
  if (exact) methods <- c(methods, list(
    satorra_2000_scaled_shifted_exact = list(method = "satorra.2000", A.method = "exact", scaled.shifted = TRUE),
    satorra_2000_mean_var_exact = list(method = "satorra.2000", A.method = "exact", scaled.shifted = FALSE)))
  methods
}
satorra_bentler <- list(satorra_bentler_2001 = list(method = "satorra.bentler.2001"), satorra_bentler_2010 = list(method = "satorra.bentler.2010"))
methods_of <- function(estimator, exact) {
  if (estimator == "ML") plain_tests
  else if (estimator %in% c("MLR", "MLM")) c(satorra_2000(exact), satorra_bentler)
  else satorra_2000(exact)
}
for (e in c("ML", "MLR", "MLM", "MLMV", "MLMVS", "WLSMV")) for (k in 2:3) {
  pair(paste("hs", names(steps)[k - 1], names(steps)[k], tolower(e), sep = "_"), "cfa", "hs_design", steps[[k - 1]], steps[[k]],
       list(estimator = e, group = "school"), methods_of(e, k == 2), HS, HS)
}
pair("hs_fiml_metric_scalar_mlr", "cfa", "hs_design_missing", steps[[2]], steps[[3]], list(estimator = "MLR", missing = "ml", group = "school"), c(list(default = list()), satorra_bentler), HS, HS)
pair("hs_fiml_metric_scalar_ml", "cfa", "hs_design_missing", steps[[2]], steps[[3]], list(missing = "ml", group = "school"), plain_tests, HS, HS)
for (e in c("ML", "MLR", "MLM", "MLMV", "WLSMV", "ULSMV")) {
  pair(paste0("hs_crossloading_", tolower(e)), "cfa", "hs_design", list(), list(), list(estimator = e), methods_of(e, FALSE),
       HS, paste0(HS, "\nvisual =~ x9\nx7 ~~ x8"))
  pair(paste0("hs_equal_loadings_", tolower(e)), "cfa", "hs_design", list(), list(), list(estimator = e), methods_of(e, TRUE),
       "visual =~ x1 + a*x2 + a*x3
textual =~ x4 + b*x5 + b*x6
speed =~ x7 + c*x8 + c*x9", HS)
}
for (p in c("delta", "theta")) for (k in 2:3) {
  pair(paste("bfi", names(o_steps)[k - 1], names(o_steps)[k], "wlsmv", p, sep = "_"), "cfa", "bfi", o_steps[[k - 1]], o_steps[[k]],
       list(estimator = "WLSMV", group = "gender", ordered = items, parameterization = p), satorra_2000(k == 2), TWO, TWO)
}
pair("bfi_one_factor_wlsmv", "cfa", "bfi", list(), list(), list(estimator = "WLSMV", ordered = items[2:8]), satorra_2000(FALSE),
     paste("A =~", paste(items[2:8], collapse = " + ")), "A =~ A2 + A3 + A4 + A5\nN =~ N1 + N2 + N3")
pair("bfi_one_factor_mean_var", "cfa", "bfi", list(), list(), list(estimator = "WLSMVS", ordered = items[1:8]), satorra_2000(TRUE),
     "A =~ A1 + A2 + A3 + A4 + A5\nN =~ N1 + N2 + N3\nA ~~ 0*N", "A =~ A1 + A2 + A3 + A4 + A5\nN =~ N1 + N2 + N3")
save(list(software = paste("lavaan", packageVersion("lavaan")),
          note = "lavTestLRT(free, restricted). default: satorra.bentler.2001 for ML's scaled tests, satorra.2000 for scaled.shifted and mean.var.adjusted ones. satorra.2000 compares at the eigenvalues of U Gamma of the difference; with scaled.shifted = FALSE on a mean-and-variance adjusted fit is the mean-and-variance adjusted difference test, which lavaan had wrong before 0.6-13.",
          cases = out), "difference_tests")
