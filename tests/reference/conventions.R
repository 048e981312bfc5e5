# The same models fitted by lavaan under its own conventions and under those of other programs that it
# can take on: mimic = "Mplus", mimic = "EQS" and likelihood = "wishart". Writes conventions.json.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
data_of <- function(name) read.csv(file.path(here, "data", paste0(name, ".csv")))
hs <- "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
cases <- list(
  cfa = list(fun = "cfa", data = "holzinger1939", model = hs),
  means = list(fun = "cfa", data = "holzinger1939", model = paste(hs, "; x1 ~ 1")),
  covariates = list(fun = "sem", data = "holzinger1939",
                    model = paste(hs, "; textual ~ ageyr + sex; speed ~ sex + textual")),
  fixed_variance = list(fun = "cfa", data = "holzinger1939", model = paste(hs, "; x3 ~~ 0.8*x3")),
  sem = list(fun = "sem", data = "political_democracy", model = "
    ind60 =~ x1 + x2 + x3; dem60 =~ y1 + y2 + y3 + y4; dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ ind60; dem65 ~ ind60 + dem60; y1 ~~ y5; y2 ~~ y4 + y6"),
  growth = list(fun = "growth", data = "demo_growth", model = "
    i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4; s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4")
)
wanted <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "nfi",
            "ifi", "rfi", "pnfi", "gfi", "agfi", "pgfi", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper",
            "rmsea.pvalue", "srmr", "srmr_bentler_nomean", "rmr", "rmr_nomean", "mfi", "logl", "aic", "bic", "bic2", "ecvi",
            "cn_05", "cn_01")
settings <- list(lavaan = list(), Mplus = list(mimic = "Mplus"), EQS = list(mimic = "EQS", fixed.x = FALSE),
                 wishart = list(likelihood = "wishart",
                                test = c("standard", "browne.residual.nt.model")))
result <- list(cases = list())
for (name in names(cases)) {
  case <- cases[[name]]
  data <- data_of(case$data)
  one <- case
  for (setting in names(settings)) {
    fit <- do.call(case$fun, c(list(case$model, data), settings[[setting]]))
    stopifnot(lavInspect(fit, "converged"))
    # A few Newton steps to lavaan's exact optimum, as in polish.R.
    for (i in 1:4) {
      x <- coef(fit) - solve(lavInspect(fit, "hessian"), lavInspect(fit, "gradient"))
      pt <- parTable(fit)
      pt$ustart[pt$free > 0] <- x[pt$free[pt$free > 0]]
      pt$est <- pt$se <- pt$start <- NULL
      fit <- do.call("lavaan", c(list(pt, data, optim.method = "none"), settings[[setting]]))
    }
    stopifnot(max(abs(lavInspect(fit, "gradient"))) < 1e-10)
    m <- fitMeasures(fit, wanted)
    names(m) <- gsub(".", "_", names(m), fixed = TRUE)
    pe <- parameterEstimates(fit)
    pe <- pe[pe$se > 0, c("lhs", "op", "rhs", "est", "se")]
    one[[setting]] <- list(measures = as.list(m), estimates = as.data.frame(unclass(pe)))
    if (setting == "wishart") {
      one$browne_residual_nt_model <- fit@test[["browne.residual.nt.model"]]$stat
    }
  }
  result$cases[[name]] <- one
}
result$software <- paste("lavaan", packageVersion("lavaan"))
write(toJSON(result, digits = 12, auto_unbox = TRUE, dataframe = "rows", na = "null"),
      file.path(here, "conventions.json"))
