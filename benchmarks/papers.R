# What lavaan and semTools say of simulated surveys, as raw numbers.
#
#   Rscript papers.R JOBS OUT [FIRST LAST]
#
# JOBS is a JSON file with a list of models, data sets (CSV) and options; a JSON file for each goes to
# the folder OUT. Numbers are written with 17 digits; rounding is the reader's.
suppressWarnings(suppressMessages({library(lavaan); library(semTools); library(jsonlite)}))
asked <- commandArgs(TRUE)
jobs <- fromJSON(asked[1], simplifyVector = TRUE, simplifyDataFrame = FALSE)
out <- asked[2]
if (length(asked) > 3) jobs <- jobs[seq(as.integer(asked[3]), min(length(jobs), as.integer(asked[4])))]

keywords <- c(std_lv = "std.lv", group_equal = "group.equal")

fit_of <- function(model, job, data) {
  options <- job$options
  known <- names(options) %in% names(keywords)
  names(options)[known] <- keywords[names(options)[known]]
  suppressWarnings(do.call("sem", c(list(model = model, data = data), options)))
}
measures_of <- function(fit) as.list(suppressWarnings(fitMeasures(fit)))
try_or_null <- function(expression) {
  tryCatch(suppressWarnings(suppressMessages(expression)), error = function(e) NULL)
}

for (job in jobs) {
  path <- file.path(out, sprintf("%04d.json", job$number))
  if (file.exists(path)) next
  data <- read.csv(job$data)
  model <- paste(c(job$initial, job$freed), collapse = "\n")
  fit <- tryCatch(fit_of(model, job, data), error = function(e) {message(job$number, ": ", conditionMessage(e)); NULL})
  if (is.null(fit) || !lavInspect(fit, "converged")) {
    writeLines(toJSON(list(number = job$number, converged = FALSE), auto_unbox = TRUE), path)
    next
  }
  told <- list(number = job$number, converged = TRUE,
               proper = isTRUE(suppressWarnings(lavInspect(fit, "post.check"))),
               nobs = sum(lavInspect(fit, "nobs")))
  rows <- parameterEstimates(fit, standardized = TRUE)
  told$rows <- rows[rows$op %in% c("=~", "~", "~~"), ]
  told$measures <- measures_of(fit)
  told$program <- paste("lavaan", packageVersion("lavaan"), "semTools", packageVersion("semTools"))
  if (length(job$freed)) {
    first <- tryCatch(fit_of(job$initial, job, data), error = function(e) NULL)
    if (!is.null(first) && lavInspect(first, "converged")) told$first <- measures_of(first)
  }
  if (is.null(job$options$group)) {
    latent <- lavInspect(fit, "cor.lv")
    told$latent <- list(names = rownames(latent), rows = unname(as.matrix(unclass(latent))))
    told$r2 <- as.list(lavInspect(fit, "r2"))
    old <- try_or_null(reliability(fit))
    if (!is.null(old)) {
      told$reliability <- list(names = colnames(old), measures = rownames(old), rows = unname(old))
    }
    told$comprelsem <- as.list(try_or_null(compRelSEM(fit)))
    told$comprelsem_model <- as.list(try_or_null(compRelSEM(fit, obs.var = FALSE)))
    told$ave <- as.list(try_or_null(AVE(fit)))
    told$ave_model <- as.list(try_or_null(AVE(fit, obs.var = FALSE)))
  }
  writeLines(toJSON(told, auto_unbox = TRUE, digits = NA, na = "null", dataframe = "rows"), path)
}
