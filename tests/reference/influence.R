# Leave-one-out refits of the three-factor model of Holzinger and Swineford (1939) at lavaan's exact
# optimum, with the generalised Cook's distance, the change of chi2 and the DFBETAS of Pek and
# MacCallum (2011). Writes influence.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
answers <- data_of("holzinger1939")
model <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
fitted_to <- function(rows) polish(cfa(model, rows), rows)

whole <- fitted_to(answers)
cases <- lapply(c(1, 47, 163, 180, 262, 268), function(i) {
  fit <- fitted_to(answers[-i, ])
  v <- unclass(vcov(fit))
  moved <- as.numeric(coef(whole) - coef(fit))
  list(row = i - 1,
       gcd = sum(moved * solve(v, moved)),
       delta_chisq = as.numeric(fitMeasures(whole, "chisq") - fitMeasures(fit, "chisq")),
       dfbetas = as.numeric(moved / sqrt(diag(v))),
       theta = as.numeric(coef(fit)))
})
pt <- parTable(whole)
pt <- pt[pt$free > 0, ]
save(list(parameters = paste(pt$lhs, pt$op, pt$rhs), cases = cases), "influence.json")
