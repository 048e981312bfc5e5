# Scaled difference tests of lavaan 0.6-14, with the matrices that they are made of.
# Run in this folder: Rscript difference.R. Writes difference.json.
suppressMessages(library(lavaan))
library(jsonlite)

last <- function(x) x[[length(x)]]
told <- function(fit) {
  one <- lavInspect(fit, "test")
  list(chisq = one[[1]]$stat, df = one[[1]]$df, scaling_factor = last(one)$scaling.factor)
}
collapse <- function(fit) {
  # lavaan's Jacobian has a column for every free cell; those of equal ones add up.
  if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(fit@Model@nx.free)
}
jacobian <- function(fit) lapply(unname(lavTech(fit, "delta")), function(d) unclass(d) %*% collapse(fit))
difference <- function(small, large, ...) {
  row <- lavTestLRT(large, small, ...)[2, ]
  list(statistic = row[["Chisq diff"]], df = row[["Df diff"]], p_value = row[["Pr(>Chisq)"]])
}
# Scaling factor of the large model at the moments that the small one implies. (lavaan's own carries parameter
# values over by name, which is the same only where the small model frees nothing that the large one fixes.)
at_small <- function(small, large, data, estimator) {
  implied <- lavInspect(small, "implied")
  n <- lavInspect(small, "nobs")
  there <- lavaan(parTable(large)[c("lhs", "op", "rhs", "group", "user", "block", "free", "ustart", "exo", "label", "plabel")],
    sample.cov = lapply(implied, function(g) g$cov), sample.mean = lapply(implied, function(g) g$mean),
    sample.nobs = n, sample.cov.rescale = FALSE, control = list(rel.tol = 1e-14))
  stopifnot(fitMeasures(there, "fmin") < 1e-8)
  table <- parTable(large)
  table$start <- table$est <- table$se <- NULL
  table$ustart[table$free > 0] <- coef(there)[table$free[table$free > 0]]
  fixed <- lavaan(table, data, group = lavInspect(large, "group"), estimator = estimator,
    optim.method = "none", check.post = FALSE)
  last(lavInspect(fixed, "test"))$scaling.factor
}
matrices <- function(small, large) {
  list(
    delta1 = jacobian(large), delta0 = jacobian(small),
    gamma = unname(lapply(lavTech(large, "gamma"), unclass)), v = unname(lapply(lavTech(large, "wls.v"), unclass))
  )
}
pair <- function(small, large) {
  k <- collapse(large)
  list(
    n = lavInspect(large, "nobs"), small = told(small), large = told(large),
    information = t(k) %*% lavTech(large, "information") %*% k,
    satorra_bentler_2001 = difference(small, large, method = "satorra.bentler.2001"),
    satorra_bentler_2010 = difference(small, large, method = "satorra.bentler.2010"),
    scaled_shifted = difference(small, large, method = "satorra.2000", scaled.shifted = TRUE),
    not_shifted = difference(small, large, method = "satorra.2000", scaled.shifted = FALSE),
    exact_scaled_shifted = difference(small, large, method = "satorra.2000", scaled.shifted = TRUE, A.method = "exact"),
    exact_not_shifted = difference(small, large, method = "satorra.2000", scaled.shifted = FALSE, A.method = "exact"),
    default = difference(small, large)
  )
}
out <- list()

hs <- read.csv("data/holzinger1939.csv")
model <- "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9"
steps <- list(metric = "loadings", scalar = c("loadings", "intercepts"))
for (step in names(steps)) {
  tests <- list()
  for (estimator in c("MLM", "MLR", "MLMVS")) {
    fit <- function(equal) cfa(model, hs, estimator = estimator, group = "school", group.equal = equal)
    small <- fit(steps[[step]])
    large <- fit("")
    tests[[estimator]] <- pair(small, large)
    tests[[estimator]]$scaling_factor_at_small <- at_small(small, large, hs, estimator)
  }
  out[[paste0("hs_", step)]] <- c(matrices(small, large), list(tests = tests))
}
bfi <- na.omit(read.csv("data/bfi.csv")[c("A2", "A3", "A4", "A5", "gender")])
for (item in 1:4) bfi[[item]] <- findInterval(bfi[[item]], c(3, 5, 6)) + 1
model <- "A =~ A2 + A3 + A4 + A5"
tests <- list()
for (estimator in c("WLSMV", "WLSM")) {
  fit <- function(equal) cfa(model, bfi, estimator = estimator, group = "gender", ordered = TRUE, std.lv = TRUE, group.equal = equal)
  small <- fit(c("thresholds", "loadings", "means", "lv.variances"))
  large <- fit("")
  tests[[estimator]] <- pair(small, large)
}
out$bfi <- c(matrices(small, large), list(tests = tests))
write(toJSON(out, digits = I(10), auto_unbox = TRUE, matrix = "rowmajor", na = "null"), "difference.json")
