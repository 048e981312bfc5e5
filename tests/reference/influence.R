# Leave-one-out refits of the three-factor model of Holzinger and Swineford (1939) by lavaan, and the
# generalised Cook's distance, the change of chi2 and DFBETAS of Pek and MacCallum (2011) from them.
# Rscript influence.R, in the folder that holds data/.
library(lavaan)
library(jsonlite)

data <- read.csv("data/holzinger1939.csv")
model <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
tight <- list(rel.tol = 1e-13, iter.max = 20000, eval.max = 20000)
fitted <- function(rows) cfa(model, rows, control = tight)

whole <- fitted(data)
rows <- c(1, 47, 163, 180, 262, 268)
cases <- lapply(rows, function(i) {
  fit <- fitted(data[-i, ])
  v <- unclass(vcov(fit))
  moved <- coef(whole) - coef(fit)
  list(
    row = i - 1,
    gcd = as.numeric(t(moved) %*% solve(v, moved)),
    delta_chisq = as.numeric(fitMeasures(whole, "chisq") - fitMeasures(fit, "chisq")),
    dfbetas = as.numeric(moved / sqrt(diag(v))),
    theta = as.numeric(coef(fit))
  )
})
write_json(
  list(
    origin = paste("lavaan", packageVersion("lavaan")),
    parameters = names(coef(whole)),
    cases = cases
  ),
  "influence.json", digits = 12, auto_unbox = TRUE, pretty = TRUE
)
