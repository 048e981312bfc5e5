# Powers and sample sizes of semTools, for tests of clustersem. Run: Rscript power.R
# semTools::findRMSEApower and findRMSEAsamplesize follow MacCallum, Browne & Sugawara (1996),
# SSpower Satorra & Saris (1985).
suppressMessages({library(semTools); library(jsonlite)})

pairs <- list(c(.05, .08), c(.05, .01), c(0, .05))
rmsea <- do.call(rbind, lapply(pairs, function(pair) {
  grid <- expand.grid(df = c(5, 20, 50, 100), n = c(100, 200, 500))
  grid$null <- pair[1]
  grid$alternative <- pair[2]
  grid$power <- mapply(function(df, n) findRMSEApower(pair[1], pair[2], df, n), grid$df, grid$n)
  grid$power_two_groups <- mapply(function(df, n) findRMSEApower(pair[1], pair[2], df, n, group = 2),
                                  grid$df, grid$n)
  grid
}))
size <- do.call(rbind, lapply(pairs, function(pair) {
  data.frame(df = c(5, 20, 50, 100), null = pair[1], alternative = pair[2],
             n = sapply(c(5, 20, 50, 100), function(df)
               findRMSEAsamplesize(pair[1], pair[2], df, power = .80)))
}))

factors <- '
f1 =~ .7*V1 + .7*V2 + .7*V3
f2 =~ .7*V4 + .6*V5 + .8*V6
f1 ~~ .3*f2
f1 ~~ 1*f1
f2 ~~ 1*f2
V1 ~~ .51*V1
V2 ~~ .51*V2
V3 ~~ .51*V3
V4 ~~ .51*V4
V5 ~~ .64*V5
V6 ~~ .36*V6
'
mediation <- '
M ~ .3*X
Y ~ .25*M + .1*X
X ~~ 1*X
M ~~ .91*M
Y ~~ .9*Y
'
ss <- function(target, restricted, population, n) {
  data.frame(target = target, n = n, power = sapply(n, function(one)
    SSpower(powerModel = restricted, popModel = population, n = one, nparam = 1, std.lv = TRUE)))
}
paths <- list(
  factors = list(population = factors, power = ss(
    "f1 ~~ f2", "f1 =~ V1 + V2 + V3\nf2 =~ V4 + V5 + V6\nf1 ~~ 0*f2", factors,
    c(50, 100, 150, 200, 300))),
  mediation = list(population = mediation, power = rbind(
    ss("M ~ X", "M ~ 0*X\nY ~ M + X", mediation, c(100, 200)),
    ss("Y ~ M", "M ~ X\nY ~ 0*M + X", mediation, c(100, 200)),
    ss("Y ~ X", "M ~ X\nY ~ M + 0*X", mediation, c(100, 200)))))
versions <- list(R = as.character(getRversion()),
                 lavaan = as.character(packageVersion("lavaan")),
                 semTools = as.character(packageVersion("semTools")))
write_json(list(versions = versions, rmsea = rmsea, size = size, paths = paths), "power.json",
           digits = NA, auto_unbox = TRUE, pretty = TRUE)
