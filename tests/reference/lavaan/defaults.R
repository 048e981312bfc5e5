# What each estimator name stands for in lavaan 0.6-14, read from fitted models.
# Prints the tables of DEFAULTS.md.
suppressMessages(library(lavaan))
file <- sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))
data_folder <- file.path(dirname(file), "..", "data")
hs <- read.csv(file.path(data_folder, "holzinger1939.csv"))
gaps <- read.csv(file.path(data_folder, "holzinger1939_missing.csv"))
bfi <- read.csv(file.path(data_folder, "bfi.csv"))
model <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
items <- c("A1", "A2", "A3", "A4", "A5")
one <- paste("A =~", paste(items, collapse = " + "))
# Information for standard errors and, for a scaled test, in the test (a pair in lavaan, one word if they agree).
shown <- c("estimator", "se", "test", "information", "observed.information", "h1.information", "missing",
           "meanstructure", "likelihood", "parameterization")
show <- function(x) if (is.null(x)) "" else paste(unique(as.character(unlist(x))), collapse = ", ")
table <- function(title, rows, run) {
  cat("\n###", title, "\n\n")
  cat("| call |", paste(shown, collapse = " | "), "| N of chisq |\n|", strrep("---|", length(shown) + 2), "\n", sep = "")
  for (row in names(rows)) {
    fit <- tryCatch(suppressWarnings(run(rows[[row]])), error = function(e) e)
    if (inherits(fit, "error")) { cat("| `", row, "` | error: ", gsub("\n", " ", conditionMessage(fit)), strrep(" |", length(shown)), "\n", sep = ""); next }
    o <- lavInspect(fit, "options")
    cat("| `", row, "` | ", paste(vapply(shown, function(k) show(o[[k]]), ""), collapse = " | "), " |\n", sep = "")
  }
}
estimators <- c("ML", "MLR", "MLM", "MLMV", "MLMVS", "MLF", "GLS", "WLS", "DWLS", "ULS", "WLSM", "WLSMV", "WLSMVS", "ULSM", "ULSMV", "ULSMVS")
rows <- lapply(estimators, function(e) list(estimator = e)); names(rows) <- estimators
table("Continuous, complete data, n = 301", rows, function(o) do.call("cfa", c(list(model, hs), o)))
table("Continuous, complete data, two groups (156, 145)", rows, function(o) do.call("cfa", c(list(model, hs, group = "school"), o)))
more <- list("ML, se = robust" = list(se = "robust"), "ML, se = robust.sem" = list(se = "robust.sem"),
  "ML, se = robust.huber.white" = list(se = "robust.huber.white"), "ML, se = first.order" = list(se = "first.order"),
  "ML, test = satorra.bentler" = list(test = "satorra.bentler"), "ML, test = yuan.bentler" = list(test = "yuan.bentler"),
  "ML, test = yuan.bentler.mplus" = list(test = "yuan.bentler.mplus"), "ML, test = mean.var.adjusted" = list(test = "mean.var.adjusted"),
  "ML, test = scaled.shifted" = list(test = "scaled.shifted"), "ML, test = browne.residual.adf" = list(test = "browne.residual.adf"),
  "ML, likelihood = wishart" = list(likelihood = "wishart"), "MLR, likelihood = wishart" = list(estimator = "MLR", likelihood = "wishart"),
  "ML, information = observed" = list(information = "observed"), "ML, mimic = Mplus" = list(mimic = "Mplus"), "ML, mimic = EQS" = list(mimic = "EQS"),
  "MLR, mimic = Mplus" = list(estimator = "MLR", mimic = "Mplus"), "WLSMV, mimic = Mplus" = list(estimator = "WLSMV", mimic = "Mplus"))
table("Continuous, complete data, single options", more, function(o) do.call("cfa", c(list(model, hs), o)))
gapped <- list("ML, missing = ml" = list(missing = "ml"), "ML, missing = ml.x" = list(missing = "ml.x"), "MLR, missing = ml" = list(estimator = "MLR", missing = "ml"),
  "MLF, missing = ml" = list(estimator = "MLF", missing = "ml"), "MLM, missing = ml" = list(estimator = "MLM", missing = "ml"),
  "ML, missing = ml, information = expected" = list(missing = "ml", information = "expected"),
  "ML, missing = two.stage" = list(missing = "two.stage"), "ML, missing = robust.two.stage" = list(missing = "robust.two.stage"),
  "ML, missing = pairwise" = list(missing = "pairwise"), "ML, missing = ml, se = robust.sem" = list(missing = "ml", se = "robust.sem"),
  "ML, missing = ml, test = satorra.bentler" = list(missing = "ml", test = "satorra.bentler"))
table("Continuous, incomplete data", gapped, function(o) do.call("cfa", c(list(model, gaps), o)))
ordinal <- list("(none)" = list(), DWLS = list(estimator = "DWLS"), WLS = list(estimator = "WLS"), ULS = list(estimator = "ULS"), WLSM = list(estimator = "WLSM"), WLSMV = list(estimator = "WLSMV"),
  WLSMVS = list(estimator = "WLSMVS"), ULSM = list(estimator = "ULSM"), ULSMV = list(estimator = "ULSMV"), ULSMVS = list(estimator = "ULSMVS"), ML = list(estimator = "ML"), MLR = list(estimator = "MLR"), PML = list(estimator = "PML"),
  "WLSMV, theta" = list(parameterization = "theta"), "WLSMV, missing = pairwise" = list(missing = "pairwise"), "WLSMV, missing = ml" = list(missing = "ml"))
table("Ordered items, bfi A1 to A5", ordinal, function(o) do.call("cfa", c(list(one, bfi, ordered = items), o)))
# fixed.x and conditional.x only say something where the model has observed covariates.
shown <- c("estimator", "se", "test", "missing", "meanstructure", "fixed.x", "conditional.x")
path <- "x4 ~ x1 + ageyr
x7 ~ x4"
table("Observed covariates", rows[c("ML", "MLR", "MLM", "MLF", "GLS", "WLS", "DWLS", "ULS", "WLSMV", "ULSMV")], function(o) do.call("sem", c(list(path, hs), o)))
likert <- read.csv(file.path(data_folder, "hs_ordinal.csv"))
table("Observed covariates, ordered o4", rows[c("WLS", "DWLS", "WLSMV", "ULSMV")], function(o) do.call("sem", c(list("o4 ~ x1 + ageyr\nx7 ~ o4", likert, ordered = "o4"), o)))
design <- read.csv(file.path(data_folder, "hs_design.csv"))
shown <- c("estimator", "se", "test", "information", "h1.information", "missing", "meanstructure")
table("Weights and clusters", list("weights" = list(sampling.weights = "weight"), "weights, MLR" = list(sampling.weights = "weight", estimator = "MLR"),
  "weights, WLSMV, continuous" = list(sampling.weights = "weight", estimator = "WLSMV"),
  "cluster" = list(cluster = "cluster"), "cluster, MLR" = list(cluster = "cluster", estimator = "MLR"), "cluster, WLSMV" = list(cluster = "cluster", estimator = "WLSMV"),
  "cluster, missing = ml" = list(cluster = "cluster", missing = "ml")), function(o) do.call("cfa", c(list(model, design), o)))
