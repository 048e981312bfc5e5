# Factor scores, predicted items, residuals. The first 20 rows of each group.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
twenty <- function(x) { x <- unclass(x); bare(x[seq_len(min(20, nrow(x))), , drop = FALSE]) }
each <- function(x) if (is.list(x) && !is.data.frame(x)) lapply(x, twenty) else twenty(x)
try_this <- function(...) tryCatch(suppressWarnings(...), error = function(e) { cat("   refused:", substr(gsub("\\s+", " ", conditionMessage(e)), 1, 90), "\n"); NULL })
ordered_fit <- function(fit) length(lavNames(fit, "ov.ord")) > 0
scores <- function(fit) {
  categorical <- ordered_fit(fit)
  list(latent = lavNames(fit, "lv"), scores = list(
    regression = if (!categorical) try_this(each(lavPredict(fit, method = "regression"))), bartlett = if (!categorical) try_this(each(lavPredict(fit, method = "Bartlett"))),
    ebm = if (categorical) try_this(each(lavPredict(fit, method = "EBM"))), ml = if (categorical) try_this(each(lavPredict(fit, method = "ML"))),
    items = if (!categorical) try_this(each(lavPredict(fit, type = "yhat")))))
}
unnamed <- function(x) if (is.list(x)) lapply(x, unnamed) else if (is.null(dim(x))) as.numeric(x) else bare(x)
residuals_of <- function(fit) {
  out <- list()
  for (type in c("raw", "cor.bollen", "cor.bentler", "standardized", "standardized.mplus", "normalized")) {
    got <- try_this(resid(fit, type = type))
    if (is.null(got)) next
    keep <- function(one) unnamed(one[setdiff(names(one), "type")])
    out[[gsub(".", "_", type, fixed = TRUE)]] <- if (lavInspect(fit, "ngroups") > 1) lapply(got, keep) else keep(got)
  }
  summary <- try_this(lavResiduals(fit, type = "cor.bentler", se = TRUE, zstat = TRUE))
  part <- function(one) list(se = lapply(one[grep("[.]se$", names(one))], unnamed), z = lapply(one[grep("[.]z$", names(one))], unnamed),
                             summary = if (is.null(one$summary)) NULL else as.list(as.data.frame(t(as.data.frame(one$summary)))), rows = if (is.null(one$summary)) NULL else rownames(as.data.frame(one$summary)))
  list(residuals = out, lav_residuals = if (is.null(summary)) NULL else if (lavInspect(fit, "ngroups") > 1) lapply(summary, part) else part(summary))
}
both <- function(fit) c(scores(fit), residuals_of(fit))
D <- "hs_design"; M <- "hs_design_missing"
for (e in c("ML", "MLR", "MLM", "ULSMV", "WLSMV")) case(paste0("scores_hs_", tolower(e)), "cfa", HS, D, list(estimator = e), "", both)
case("scores_hs_means", "cfa", HS, D, list(meanstructure = TRUE), "", both)
case("scores_hs_mlr_means", "cfa", HS, D, list(estimator = "MLR", meanstructure = TRUE), "", both)
case("scores_hs_groups", "cfa", HS, D, list(group = "school", group.equal = c("loadings", "intercepts")), "", both)
case("scores_hs_groups_mlr", "cfa", HS, D, list(group = "school", group.equal = "loadings", estimator = "MLR"), "", both)
case("scores_hs_fiml", "cfa", HS, M, list(missing = "ml"), "", both)
case("scores_hs_fiml_mlr", "cfa", HS, M, list(missing = "ml", estimator = "MLR"), "", both)
case("scores_hs_fiml_groups", "cfa", HS, M, list(missing = "ml", group = "school"), "", both)
case("scores_hs_covariates", "sem", "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + grade
textual ~ visual + ageyr", D, list(), "", both)
case("scores_hs_covariates_means", "sem", "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + grade
textual ~ visual + ageyr", D, list(meanstructure = TRUE), "", both)
case("scores_democracy", "sem", "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60", "political_democracy", list(meanstructure = TRUE), "predict_y: y5 to y8 from the x's and y1 to y4 (lavPredictY).", function(fit)
  c(both(fit), list(predict_y = try_this(twenty(lavPredictY(fit, ynames = paste0("y", 5:8), xnames = c(paste0("x", 1:3), paste0("y", 1:4))))))))
case("scores_growth", "growth", "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4", "demo_growth", list(), "", both)
O <- paste0("o", 1:9)
for (p in c("delta", "theta")) case(paste0("scores_ordinal_", p), "cfa", gsub("x", "o", HS), "hs_ordinal", list(ordered = O, parameterization = p), "EBM: mode of the posterior; lavaan's own tolerance.", both)
case("scores_binary", "cfa", "visual =~ b1 + b2 + b3
textual =~ b4 + b5 + b6", "hs_ordinal", list(ordered = paste0("b", 1:6)), "", both)
case("scores_mixed", "cfa", "visual =~ x1 + o2 + x3
textual =~ o4 + x5 + o6", "hs_ordinal", list(ordered = c("o2", "o4", "o6")), "", both)
case("scores_ordinal_groups", "cfa", "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6", "hs_ordinal", list(ordered = O[1:6], group = "school", group.equal = c("loadings", "thresholds")), "", both)
case("scores_path", "sem", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", D, list(), "", residuals_of)
case("scores_path_means_mlr", "sem", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", D, list(estimator = "MLR", meanstructure = TRUE), "", residuals_of)
