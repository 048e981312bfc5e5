# Reference numbers for tests of cutoffs: levels of misspecification, their sampling distributions
# and T-sizes, from lavaan and base R alone. Run from the repository root:
#   Rscript tests/reference/cutoffs.R
# (a few minutes). Writes tests/reference/cutoffs.json.
suppressPackageStartupMessages({
  library(lavaan)
  library(jsonlite)
})
set.seed(20261122)
reps <- 400

hs <- HolzingerSwineford1939
n <- nrow(hs)

implied <- function(lambda, phi, residual) {
  common <- lambda %*% phi %*% t(lambda)
  unique <- diag(1 - diag(common))
  s <- sqrt(diag(unique))
  common + unique + residual * outer(s, s) # residual: correlations of residuals, zero diagonal
}

quantiles <- function(model, sigma, names) {
  root <- chol(sigma)
  template <- NULL
  found <- t(sapply(seq_len(reps), function(r) {
    x <- matrix(rnorm(n * ncol(sigma)), n) %*% root
    s <- crossprod(scale(x, scale = FALSE)) / (n - 1)
    dimnames(s) <- list(names, names)
    fit <- if (is.null(template)) {
      cfa(model, sample.cov = s, sample.nobs = n, std.lv = TRUE, se = "none", baseline = FALSE)
    } else {
      lavaan(
        sample.cov = s, sample.nobs = n, slotOptions = template@Options,
        slotParTable = template@ParTable
      )
    }
    if (is.null(template)) template <<- fit
    s <- s * (n - 1) / n
    chisq <- fit@test[[1]]$stat
    df <- fit@test[[1]]$df
    baseline <- n * (sum(log(diag(s))) - determinant(s)$modulus)
    sigma_hat <- fit@implied$cov[[1]]
    sd <- sqrt(diag(s))
    residual <- ((s - sigma_hat) / outer(sd, sd))[lower.tri(s, diag = TRUE)]
    excess <- max(chisq - df, 0)
    c(
      srmr = sqrt(mean(residual^2)), rmsea = sqrt(excess / (df * n)),
      cfi = 1 - excess / max(baseline - 36, excess)
    )
  }))
  list(
    srmr = unname(quantile(found[, "srmr"], c(.05, .10, .50, .90, .95))),
    rmsea = unname(quantile(found[, "rmsea"], c(.05, .10, .50, .90, .95))),
    cfi = unname(quantile(found[, "cfi"], c(.05, .10, .50, .90, .95)))
  )
}

names <- paste0("x", 1:9)
none <- matrix(0, 9, 9)

# Three factors: level 1 adds textual =~ x2, level 2 also textual =~ x7.
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
fit <- cfa(three, hs)
std <- lavInspect(fit, "std")
lambda <- unclass(std$lambda)
phi <- unclass(std$psi)
sigmas <- list(implied(lambda, phi, none))
lambda["x2", "textual"] <- lambda["x2", "visual"]
sigmas[[2]] <- implied(lambda, phi, none)
lambda["x7", "textual"] <- lambda["x7", "speed"]
sigmas[[3]] <- implied(lambda, phi, none)
factors <- list(
  sigma = sigmas, quantiles = lapply(sigmas, function(s) quantiles(three, s, names))
)

# One factor: residual correlations of .3 in pairs, weakest loadings first.
one <- paste("g =~", paste(names, collapse = " + "))
fit <- cfa(one, hs)
std <- lavInspect(fit, "std")
lambda <- unclass(std$lambda)
weakest <- order(abs(lambda[, 1]))
residual <- none
sigmas <- list(implied(lambda, matrix(1), residual))
for (pairs in list(1, 2, 3:4)) {
  for (k in pairs) {
    i <- weakest[2 * k - 1]
    j <- weakest[2 * k]
    residual[i, j] <- residual[j, i] <- 0.3
  }
  sigmas[[length(sigmas) + 1]] <- implied(lambda, matrix(1), residual)
}
single <- list(sigma = sigmas, quantiles = lapply(sigmas, function(s) quantiles(one, s, names)))

# T-sizes by root finding over the noncentral chi-square distribution.
noncentrality <- function(x, df, p) {
  if (pchisq(x, df) <= p) return(0)
  uniroot(function(d) pchisq(x, df, ncp = d) - p, c(0, 4 * x + 400), tol = 1e-12)$root
}
cases <- list(
  c(140.089, 54, 1525, 66, 599), c(58.374, 53, 1525, 66, 599), c(85.306, 24, 918.852, 36, 301),
  c(10, 24, 500, 36, 300), c(742.7, 272, 8000, 325, 481), c(3.1, 2, 40, 6, 99)
)
sizes <- lapply(cases, function(v) {
  upper <- noncentrality(v[1], v[2], .05)
  misfit <- noncentrality(v[1], v[2], .025)
  whole <- noncentrality(v[3], v[4], .975)
  list(
    chisq = v[1], df = v[2], baseline = v[3], df_baseline = v[4], multiplier = v[5],
    rmsea = sqrt(upper / (v[2] * v[5])), cfi = 1 - misfit / max(misfit, whole)
  )
})

write_json(
  list(
    lavaan = as.character(packageVersion("lavaan")), n_obs = n, replications = reps,
    probabilities = c(.05, .10, .50, .90, .95), factors = factors, single = single, t_sizes = sizes
  ),
  "tests/reference/cutoffs.json", auto_unbox = TRUE, digits = 10
)
