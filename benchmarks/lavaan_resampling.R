# lavaan's resampling: what is timed, and the same resamples written for the others to refit.

of_model <- function() {
  if (is.null(kept)) kept <<- fitted_with()
  kept
}

simulated <- function(n) simulateData(parTable(of_model()), sample.nobs = n)

refitted <- function(data, ...) do.call("sem", c(list(model, data = data), options_of, list(...)))

some_measures <- c("cfi", "tli", "rmsea", "srmr")

resampling <- list(
  bootstrap = function(count) bootstrapLavaan(of_model(), R = count, FUN = "coef"),
  se_bootstrap = function(count) {
    parameterEstimates(fitted_with(se = "bootstrap", bootstrap = count), boot.ci.type = "perc")
  },
  bollen_stine = function(count) {
    bootstrapLavaan(of_model(), R = count, type = "bollen.stine", FUN = fitMeasures,
                    fit.measures = "chisq")
  },
  # A loop over simulateData and sem, the sizes in turn.
  power = function(count) {
    sizes <- as.integer(readLines(file.path(folder, "sizes")))
    for (i in seq_len(count)) {
      fit <- refitted(simulated(sizes[(i - 1) %% length(sizes) + 1]), baseline = FALSE)
      c(coef(fit), lavInspect(fit, "se"))
    }
  },
  cutoffs = function(count) {
    for (i in seq_len(count)) {
      fit <- refitted(simulated(nobs(of_model())), se = "none")
      fitMeasures(fit, some_measures)
    }
  }
)

# A run's replications: a row each, a column a number; the draws are left where the others find them.
refits_written <- function(work, count, path) {
  set.seed(2022)
  rows <- switch(work, bootstrap = drawn(count, "ordinary"), bollen_stine = drawn(count, work),
                 power = refits_simulated(count), stop("no refits of ", work))
  write.csv(rows, path, row.names = FALSE)
  "ok"
}

drawn <- function(count, type) {
  fit <- fitted_with(se = "none")
  chisq <- function(fit) fit@test[[1]]$stat
  of_resample <- if (type == "ordinary") function(fit) c(coef(fit), chisq(fit)) else chisq
  found <- bootstrapLavaan(fit, R = count, type = sub("_", ".", type), FUN = of_resample,
                           keep.idx = TRUE)
  positions <- attr(found, "boot.idx")
  for (g in seq_along(positions)) {
    # Places among the rows of the group, counted from zero.
    write.csv(positions[[g]] - 1, file.path(folder, paste0("draws", g)), row.names = FALSE)
  }
  named(matrix(found, count), c(if (type == "ordinary") free_cells(fit), "chisq"))
}

refits_simulated <- function(count) {
  rows <- NULL
  for (i in seq_len(count)) {
    data <- simulated(nobs(of_model()))
    write.csv(data, file.path(folder, paste0("sample", i)), row.names = FALSE)
    fit <- refitted(data)
    table <- parTable(fit)
    free <- table[table$free > 0 & !duplicated(table$free), ]
    cells <- free_cells(fit)
    rows <- rbind(rows, c(free$est, free$se, fit@test[[1]]$stat))
    names <- c(cells, sub("^est", "se", cells), "chisq")
  }
  named(rows, names)
}

free_cells <- function(fit) {
  table <- parTable(fit)
  free <- table[table$free > 0 & !duplicated(table$free), ]
  free <- free[order(free$free), ]
  paste("est", free$lhs, free$op, free$rhs, free$group, sep = "|")
}

named <- function(rows, names) {
  rows <- as.data.frame(rows)
  colnames(rows) <- names
  rows
}
