# Shared by the scripts of this folder: lavaan's own solution, brought to a gradient of about 1e-14.
#
# lavaan's optimiser stops when F changes by less than 1e-10 or so, at which estimates are right to about
# 1e-5 only (1e-4 with the equal loadings of democracy_equal_defined). From there a few Newton steps
# with the gradient and the Hessian that lavaan itself reports lead to the optimum; lavaan then
# computes everything else at these values (optim.method = "none").
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

data_of <- function(name) read.csv(file.path(here, "data", paste0(name, ".csv")))

polish <- function(fit, data) {
  for (i in 1:5) {
    K <- if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(coef(fit)))
    g <- t(K) %*% lavInspect(fit, "gradient")
    x <- as.numeric(coef(fit)) - as.numeric(K %*% solve(t(K) %*% lavInspect(fit, "hessian") %*% K, g))
    pt <- parTable(fit)
    pt$ustart[pt$free > 0] <- x[pt$free[pt$free > 0]]
    pt$est <- pt$se <- pt$start <- NULL
    fit <- lavaan(pt, data, optim.method = "none", likelihood = fit@Options$likelihood,
                  fixed.x = fit@Options$fixed.x)
  }
  K <- if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(coef(fit)))
  stopifnot(max(abs(t(K) %*% lavInspect(fit, "gradient"))) < 1e-12)
  fit
}

case_fit <- function(name) {
  told <- fromJSON(file.path(here, paste0(name, ".json")))
  data <- data_of(told$data)
  polish(do.call(told$fun, c(list(told$model, data), as.list(told$options))), data)
}

estimates <- function(fit) {
  est <- parameterEstimates(fit)
  lv <- standardizedSolution(fit, type = "std.lv", se = FALSE)
  all <- standardizedSolution(fit, se = FALSE)
  est <- est[est$op != "==", ]; lv <- lv[lv$op != "==", ]; all <- all[all$op != "==", ]
  stopifnot(nrow(est) == nrow(all), all(est$lhs == all$lhs), all(est$rhs == all$rhs))
  data.frame(lhs = est$lhs, op = est$op, rhs = est$rhs, est = est$est, se = est$se, z = est$z,
             p_value = est$pvalue, ci_lower = est$ci.lower, ci_upper = est$ci.upper,
             std_lv = lv$est.std, std_all = all$est.std)
}

save <- function(what, name) {
  what$software <- paste("lavaan", packageVersion("lavaan"))
  write(toJSON(what, digits = 13, auto_unbox = TRUE, na = "null", dataframe = "columns"),
        file.path(here, name))
}
