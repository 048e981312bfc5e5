# Two-step statistics of ordinal answers and their NACOV, as lavaan computes them.
# Every case is a subset of bfi.csv (rows 1 to 700 that are complete, but for the incomplete cases), so
# that the numbers of one case stay few; the home study's data give thresholds and correlations whole.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
bfi <- read.csv(file.path(here, "data", "bfi.csv"))
home <- read.csv(file.path(here, "data", "cross_border_simulated.csv"))

derived <- function(d) {
  d$b <- as.integer(d$C1 > 4)
  d$b2 <- as.integer(d$C2 > 3)
  # Skewed, and correlated with the items.
  d$u <- d$age / 10 + 0.4 * d$C1
  d$v <- 0.3 * d$u + d$A3 + sin(seq_len(nrow(d)))
  d$w <- 0.5 + (seq_len(nrow(d)) * 7) %% 11 / 5
  d
}
some <- bfi[, c("A1", "A2", "A3", "C1", "C2", "age")]
complete <- derived(some[complete.cases(some), ][1:700, ])
incomplete <- derived(some[1:700, ])
# One continuous value in nine is missing, each variable's in other rows.
incomplete$u[seq(2, 700, 9)] <- NA
incomplete$v[seq(5, 700, 9)] <- NA
incomplete$A1[seq(1, 700, 6)] <- NA
incomplete$b[seq(4, 700, 8)] <- NA
# An empty cell in each of the corners.
empty <- data.frame(p = rep(c(0, 1), c(30, 20)), q = rep(c(0, 1), c(40, 10)),
                    r = rep(c(1, 0), c(12, 38)), s = c(rep(0:1, 15), rep(c(0, 2, 1, 2), 5)),
                    t = rep(c(0, 1, 2, 0, 1), c(9, 16, 15, 5, 5)))

statistics <- function(data, items, ordered, ...) {
  model <- paste("f =~", paste(items, collapse = " + "))
  fit <- suppressWarnings(cfa(model, data, ordered = ordered, estimator = "WLSMV", do.fit = FALSE, ...))
  list(items = items, ordered = ordered, n = lavInspect(fit, "nobs"),
       moments = names(lavInspect(fit, "wls.obs")), values = as.numeric(lavInspect(fit, "wls.obs")),
       gamma = unclass(unname(lavInspect(fit, "gamma"))))
}

four <- c("A1", "A2", "A3", "C1")
binary <- c("b", "A2", "A3", "b2")
mixed <- c("A1", "u", "A3", "v", "b")
ordinal_of_mixed <- c("A1", "A3", "b")
cases <- list(
  ordinal = statistics(complete, four, four),
  binary = statistics(complete, binary, binary),
  mixed = statistics(complete, mixed, ordinal_of_mixed),
  empty_cells = statistics(empty, names(empty), names(empty)),
  weighted = statistics(complete, four, four, sampling.weights = "w"),
  weighted_mixed = statistics(complete, mixed, ordinal_of_mixed, sampling.weights = "w"),
  pairwise = statistics(incomplete, four, four, missing = "pairwise"),
  pairwise_binary = statistics(incomplete, binary, binary, missing = "pairwise"),
  pairwise_mixed = statistics(incomplete, mixed, ordinal_of_mixed, missing = "pairwise"),
  pairwise_weighted = statistics(incomplete, mixed, ordinal_of_mixed, missing = "pairwise", sampling.weights = "w")
)
whole <- statistics(home, names(home), names(home))
whole$gamma_diagonal <- diag(whole$gamma)
whole$gamma <- NULL
cases$home <- whole
frames <- list(complete = complete, incomplete = incomplete, empty = empty)
for (name in names(frames)) {
  f <- frames[[name]]
  cases[[paste0("data_", name)]] <- as.list(f[, setdiff(names(f), c("age", "C2"))])
}
cases$software <- paste("lavaan", packageVersion("lavaan"))
write(toJSON(cases, digits = 12, auto_unbox = TRUE, na = "null", dataframe = "columns"),
      file.path(here, "polychoric.json"))
