# Fits with auxiliary variables by semTools 0.5-6 and lavaan 0.6-14: Rscript auxiliary.R, in this folder.
# auxiliary.json holds, for every case, the estimates of the model itself and the measures with the
# baseline in which auxiliary variables covary with all others. Covariates are random, and covary in
# clustersem's baseline (as in lavaan's own) but not in semTools', so these have no incremental indices.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
data_of <- function(name) read.csv(file.path("data", paste0(name, ".csv")))
HS <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
COVARIATES <- "visual =~ x1 + x2 + x3\nvisual ~ agemo + x4"
LINE <- "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"
EM <- list(em.h1.iter.max = 20000, em.h1.tol = 1e-13)
SHOWN <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "nfi", "ifi", "rni", "rfi",
           "rmsea", "logl", "unrestricted.logl", "aic", "bic",
           "chisq.scaled", "df.scaled", "chisq.scaling.factor", "baseline.chisq.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled")
result <- list()
add <- function(name, fun, model, data, aux, options = list(), incremental = TRUE) {
  cat(name, "")
  fit <- suppressWarnings(do.call(get(paste0(fun, ".auxiliary")), c(list(model = model, data = data_of(data), aux = aux), options, EM)))
  measures <- suppressWarnings(fitMeasures(fit))
  measures <- measures[intersect(SHOWN, names(measures))]
  if (!incremental) measures <- measures[!grepl("baseline|cfi|tli|nfi|ifi|rni|rfi", names(measures))]
  est <- as.data.frame(parameterEstimates(fit, remove.system.eq = FALSE))
  est <- est[!est$op %in% c("==", "<", ">", ":="), c("lhs", "op", "rhs", "group", "est", "se")[c(TRUE, TRUE, TRUE, !is.null(est$group), TRUE, TRUE)]]
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  result[[name]] <<- list(fun = fun, model = model, data = data, auxiliary = aux, options = options,
                          measures = as.list(unclass(measures)), estimates = est)
}
D <- "hs_design_missing"
add("two", "cfa", HS, D, c("x7", "x8"))
add("robust", "cfa", HS, D, c("x7", "x8"), list(estimator = "MLR"))
add("groups", "cfa", HS, D, c("x7", "x8"), list(group = "school"))
add("equal", "cfa", HS, D, c("x9", "x7"), list(group = "school", group.equal = c("loadings", "intercepts", "residuals"), estimator = "MLR"))
add("covariates", "sem", COVARIATES, D, c("x7", "x8", "x9"), incremental = FALSE)
add("growth", "growth", LINE, "demo_growth_missing", "x1")
write(toJSON(result, digits = I(12), auto_unbox = TRUE, na = "null", dataframe = "rows"), "auxiliary.json")
