# Writes robust.json and catml.json with lavaan 0.6-14: corrected standard errors and tests of cases that
# the other reference files do not hold. Run in this folder: Rscript robust.R
suppressMessages({library(lavaan); library(jsonlite)})
hs <- read.csv("data/holzinger1939.csv")
hs$cluster <- rep(1:43, each = 7)
hs$weight <- round(exp(0.4 * sin(1:301)), 3)
model <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
mimic <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + sex
textual ~ ageyr + sex + visual"
out <- list()
keep <- function(name, f) {
  p <- as.list(parTable(f)[, c("lhs", "op", "rhs", "group", "free", "est", "se")])
  used <- parTable(f)$op %in% c("=~", "~", "~~", "~1")
  m <- as.list(unclass(fitMeasures(f)))
  names(m) <- gsub(".", "_", names(m), fixed = TRUE)
  m <- m[!sapply(m, is.na)]
  tests <- lapply(f@test, function(t) {
    t <- t[intersect(names(t), c("stat", "df", "scaling.factor", "shift.parameter", "trace.UGamma", "trace.UGamma2"))]
    t[!sapply(t, function(v) is.null(v) || any(is.na(v)))]
  })
  out[[name]] <<- list(parameters = lapply(p, function(v) v[used]), tests = tests, measures = m)
}
one <- function(...) cfa(model, hs, ...)
for (e in c("MLR", "MLM", "MLMV", "MLMVS", "MLF")) {
  keep(paste0("means_", e), one(estimator = e, meanstructure = TRUE))
  keep(paste0("configural_", e), one(estimator = e, group = "school"))
  keep(paste0("scalar_", e), one(estimator = e, group = "school", group.equal = c("loadings", "intercepts")))
  for (x in c(TRUE, if (e != "MLF") FALSE)) keep(paste0("mimic_", ifelse(x, "fixed_", "random_"), e),
    sem(mimic, hs, estimator = e, fixed.x = x, meanstructure = TRUE))
}
yb <- function(...) one(estimator = "ML", se = "robust.huber.white", test = "yuan.bentler", ...)
keep("yuan_bentler", yb())
keep("scalar_yuan_bentler", yb(group = "school", group.equal = c("loadings", "intercepts")))
browne <- c("browne.residual.adf", "browne.residual.nt", "browne.residual.nt.model")
keep("browne", one(test = browne))
keep("scalar_browne", one(test = browne, group = "school", group.equal = c("loadings", "intercepts")))
keep("cluster_MLR", one(estimator = "MLR", cluster = "cluster"))
keep("cluster_MLM", one(estimator = "MLM", cluster = "cluster"))
keep("weight_MLR", one(estimator = "MLR", sampling.weights = "weight"))
keep("both_MLR", one(estimator = "MLR", sampling.weights = "weight", cluster = "cluster"))
for (e in c("WLSMV", "ULSMV", "WLSM", "WLSMVS", "GLS", "WLS")) keep(paste0("ls_", e), one(estimator = e))
keep("unbiased_MLM", one(estimator = "MLM", gamma.unbiased = TRUE))
keep("metric_WLSMV", one(estimator = "WLSMV", group = "school", group.equal = "loadings"))
write_json(out, "robust.json", digits = 14, auto_unbox = TRUE)

cut3 <- function(v) as.integer(cut(v, quantile(v, c(0, .3, .7, 1)), include.lowest = TRUE))
items <- paste0("x", 1:6)
ordinal <- as.data.frame(lapply(hs[, items], cut3))
ordinal$school <- hs$school
out <- list()
dense <- function(m) unname(unclass(m))
keep_catml <- function(name, f) {
  listed <- function(x) if (is.list(x) && !is.matrix(x)) x else list(x)
  m <- as.list(unclass(fitMeasures(f)))
  names(m) <- gsub(".", "_", names(m), fixed = TRUE)
  out[[name]] <<- list(
    gamma = unname(lapply(listed(lavInspect(f, "gamma")), dense)), delta = unname(lapply(listed(lavTech(f, "delta")), dense)),
    weight = unname(lapply(listed(lavTech(f, "WLS.V")), function(v) as.numeric(if (is.matrix(v)) diag(v) else v))),
    implied = unname(lapply(lavTech(f, "sigma.hat"), dense)), correlations = unname(lapply(listed(lavTech(f, "sampstat")), function(s) dense(if (is.list(s)) s$cov else s))),
    n_obs = as.list(lavInspect(f, "nobs")), se = parTable(f)$se[parTable(f)$free > 0],
    tests = lapply(f@test, function(t) t[intersect(names(t), c("stat", "df", "scaling.factor", "shift.parameter", "trace.UGamma", "trace.UGamma2"))]),
    measures = m[!sapply(m, is.na)])
}
two <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6"
for (e in c("WLSMV", "ULSMV")) keep_catml(e, cfa(two, ordinal, ordered = items, estimator = e))
keep_catml("groups", cfa(two, ordinal, ordered = items, estimator = "WLSMV", group = "school"))
write_json(out, "catml.json", digits = 14, auto_unbox = TRUE)
