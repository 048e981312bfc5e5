# Constraints under estimators other than plain maximum likelihood. Writes constraints_estimators.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
dem <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + d*y6 + e*y7 + f*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
"
agree <- "A =~ A1 + a*A2 + b*A3 + c*A4 + d*A5\n"
hs <- "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + c*x5 + d*x6
"
linear <- "a == d\nb == e\n"
curved <- "p*r == 1.2\na == d\n"
cases <- list(
  mlr_linear = list(dem, linear, "political_democracy", list(estimator = "MLR")),
  mlr_curved = list(dem, curved, "political_democracy", list(estimator = "MLR")),
  mlr_active = list(dem, "q > 0.8\n", "political_democracy", list(estimator = "MLR")),
  mlm_linear = list(dem, linear, "political_democracy", list(estimator = "MLM")),
  mlmv_linear = list(dem, linear, "political_democracy", list(estimator = "MLMV")),
  mlf_linear = list(dem, linear, "political_democracy", list(estimator = "MLF")),
  gls_linear = list(dem, linear, "political_democracy", list(estimator = "GLS")),
  fiml_linear = list(hs, "a == b\nc + d == 2\n", "holzinger1939_missing", list(missing = "ml")),
  fiml_mlr = list(hs, "a == b\nc + d == 2\n", "holzinger1939_missing", list(missing = "ml", estimator = "MLR")),
  wlsmv_linear = list(agree, "a == b\nc + d == -1.5\n", "bfi", list(ordered = TRUE)),
  wlsmv_curved = list(agree, "b*d == 1.6\n", "bfi", list(ordered = TRUE)))
result <- list(cases = list())
for (name in names(cases)) {
  case <- cases[[name]]
  text <- paste0(case[[1]], case[[2]])
  fit <- do.call("sem", c(list(text, data_of(case[[3]])), case[[4]], list(control = list(rel.tol = 1e-13, iter.max = 20000, eval.max = 40000))))
  if (!lavInspect(fit, "converged")) fit <- do.call("sem", c(list(text, data_of(case[[3]])), case[[4]]))
  est <- parameterEstimates(fit, remove.ineq = FALSE, remove.eq = FALSE)
  est <- est[est$op %in% c("=~", "~", "~~", "~1", "|"), c("lhs", "op", "rhs", "est", "se")]
  m <- fitMeasures(fit)
  keep <- intersect(c("chisq", "df", "npar", "chisq.scaled", "df.scaled", "chisq.scaling.factor", "chisq.shift.parameter"), names(m))
  cat(name, lavInspect(fit, "converged"), "\n")
  result$cases[[name]] <- list(model = text, data = case[[3]], options = case[[4]], estimates = est,
                               measures = as.list(unclass(m[keep])))
}
save(result, "constraints_estimators.json")
