# lavaan's half of the protocol in worker.py: a command a line on standard input, a line in answer.
# Needs lavaan alone.

suppressMessages(suppressWarnings(library(lavaan)))

folder <- commandArgs(trailingOnly = TRUE)[1]
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "lavaan_resampling.R"))
model <- NULL
answers <- NULL
options_of <- list()
kept <- NULL

fitted_with <- function(...) do.call("sem", c(list(model, data = answers), options_of, list(...)))

full <- function() {
  fit <- fitted_with()
  list(fit, parameterEstimates(fit), standardizedSolution(fit, se = FALSE),
       fitMeasures(fit), lavInspect(fit, "rsquare"))
}

works <- list(
  full = full,
  # For models whose expected information, a matrix of all pairs of moments, does not fit into memory.
  reduced = function() {
    fit <- sem(model, data = answers, information = "observed")
    list(fit, parameterEstimates(fit), standardizedSolution(fit, se = FALSE),
         lavInspect(fit, "rsquare"))
  },
  fit = function() {
    fit <- fitted_with(se = "none", baseline = FALSE)
    list(coef(fit), fit@test[[1]]$stat)
  },
  indices = function() modindices(kept),
  invariance = function() invariance()
)

steps <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
              strict = c("loadings", "intercepts", "residuals"))

# The table of clustersem, from lavaan alone.
invariance <- function() {
  fits <- lapply(steps, function(equal) fitted_with(group.equal = equal))
  measures <- sapply(fits, fitMeasures, c("chisq", "df", "cfi", "rmsea", "srmr"))
  list(measures, lavTestLRT(fits[[1]], fits[[2]], fits[[3]], fits[[4]]))
}

# "bootstrap/100" is the work of that name, a hundred times in one run.
timed <- function(work, repeats) {
  parts <- strsplit(work, "/")[[1]]
  run <- if (length(parts) == 1) works[[work]]
         else function() {
           set.seed(2022)  # what a resample costs differs much from one to another
           resampling[[parts[1]]](as.integer(parts[2]))
         }
  if (work == "indices" || length(parts) > 1) of_model()
  numbers <- c()
  for (i in seq_len(repeats)) {
    cpu <- proc.time()
    start <- Sys.time()
    run()
    wall <- as.numeric(Sys.time()) - as.numeric(start)
    numbers <- c(numbers, wall, sum((proc.time() - cpu)[c("user.self", "sys.self")]))
  }
  paste(sprintf("%.7f", numbers), collapse = " ")
}

chosen <- function(measures) {
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  others <- c("tli", "rmsea", "srmr", "cfi_scaled", "tli_scaled", "rmsea_scaled")
  named <- measures[intersect(c("chisq", "df", "chisq_scaled", "cfi"), names(measures))]
  others <- measures[intersect(others, names(measures))]
  c(named, setNames(others, paste0("measure|", names(others))))
}

table_written <- function(path) {
  found <- invariance()
  drop <- c(NA, found[[2]][["Chisq diff"]][-1])
  values <- rbind(found[[1]], delta_chisq = drop)
  name <- outer(rownames(values), names(steps), function(row, step) paste("table", step, row, sep = "|"))
  write.csv(data.frame(name = as.vector(name), value = as.vector(values)), path, row.names = FALSE)
  "ok"
}

written <- function(path) {
  # The same limit: all pairs of the moments of 200 items would not fit, those of 60 do.
  small <- ncol(answers) <= 100
  fit <- if (small) fitted_with() else fitted_with(information = "observed")
  measures <- if (small) chosen(fitMeasures(fit))
              else c(chisq = fit@test[[1]]$stat, df = fit@test[[1]]$df)
  estimates <- parameterEstimates(fit)
  standardised <- standardizedSolution(fit, se = FALSE)
  cell <- function(rows) {
    group <- if (is.null(rows$group)) 1 else rows$group
    paste(rows$lhs, rows$op, rows$rhs, group, sep = "|")
  }
  name <- c(names(measures), paste0("est|", cell(estimates)), paste0("std|", cell(standardised)))
  value <- c(measures, estimates$est, standardised$est.std)
  if (small) {
    indices <- modindices(fit)
    name <- c(name, paste0("se|", cell(estimates)), paste0("mi|", cell(indices)))
    value <- c(value, estimates$se, indices$mi)
  }
  write.csv(data.frame(name = name, value = as.numeric(value)), path, row.names = FALSE)
  "ok"
}

peak <- function() {
  status <- "/proc/self/status"
  if (!file.exists(status)) return("nan")
  line <- grep("^VmHWM:", readLines(status), value = TRUE)
  sprintf("%.1f", as.numeric(gsub("[^0-9]", "", line)) / 1024)
}

answer <- function(command, arguments) {
  switch(command,
    versions = paste0("lavaan ", packageVersion("lavaan"), ", R ", getRversion(),
                      ", BLAS ", extSoftVersion()[["BLAS"]]),
    load = {
      model <<- paste(readLines(file.path(folder, paste0(arguments[1], ".txt"))), collapse = "\n")
      answers <<- read.csv(file.path(folder, paste0(arguments[1], ".csv")))
      lines <- strsplit(readLines(file.path(folder, paste0(arguments[1], ".options"))), " ")
      options_of <<- setNames(lapply(lines, function(line) if (line[2] == "TRUE") TRUE else line[2]),
                              sapply(lines, function(line) gsub("_", ".", line[1])))
      kept <<- NULL
      "ok"
    },
    time = timed(arguments[1], as.integer(arguments[2])),
    answers = if (arguments[1] == "invariance") table_written(file.path(folder, arguments[2]))
              else written(file.path(folder, arguments[2])),
    refits = refits_written(arguments[1], as.integer(arguments[2]), file.path(folder, arguments[3])),
    peak = peak(),
    stop("unknown command ", command)
  )
}

input <- file("stdin", open = "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  words <- strsplit(trimws(line), " +")[[1]]
  reply <- tryCatch(
    suppressWarnings(answer(words[1], words[-1])),
    error = function(e) paste("error", gsub("\n", " ", conditionMessage(e)))
  )
  cat(reply, "\n", sep = "")
  flush(stdout())
}
