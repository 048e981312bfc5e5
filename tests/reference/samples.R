# What lavaan (0.6-14) makes of answers before it fits anything: numbers of rows, moments of groups,
# weights and incomplete answers. Run in this folder: Rscript samples.R
suppressMessages(library(lavaan))
library(jsonlite)

complete <- read.csv("data/holzinger1939.csv")
gaps <- read.csv("data/holzinger1939_missing.csv")
items <- paste0("x", 1:4)
model <- "f =~ x1 + x2 + x3 + x4"
# Weights without a random number generator.
weigh <- function(d) { d$w <- 0.5 + (seq_len(nrow(d)) * 7) %% 13 / 8; d }
complete <- weigh(complete)
gaps <- weigh(gaps)
holes <- gaps
holes[1, items] <- NA
holes$ageyr[5:9] <- NA

moments <- function(f) {
  s <- lavInspect(f, "sampstat")
  if (lavInspect(f, "ngroups") == 1) s <- list(s)
  list(
    labels = lavInspect(f, "group.label"), n_obs = lavInspect(f, "nobs"),
    n_rows = lavInspect(f, "norig"),
    cov = unname(lapply(s, function(g) unname(unclass(g$cov)))),
    mean = unname(lapply(s, function(g) as.numeric(g$mean))),
    thresholds = unname(lapply(s, function(g) as.numeric(g$th))),
    weights = lapply(f@Data@weights, function(w) if (is.null(w)) NULL else w[1:5]),
    weight_sums = sapply(f@Data@weights, function(w) if (is.null(w)) NA else sum(w))
  )
}
fit <- function(...) moments(suppressWarnings(sem(...)))
mimic <- "f =~ x1 + x2 + x3\nf ~ ageyr"
third <- function(d) { for (i in c(items, paste0("x", 5:6))) d[[i]] <- as.integer(cut(d[[i]], c(-Inf, quantile(complete[[i]], c(.3, .8)), Inf))); d }
numbered <- transform(complete, form = c(3, 1, 2)[(seq_len(nrow(complete)) - 1) %% 3 + 1])
result <- list(
  groups = fit(model, numbered, group = "form"),
  chosen = fit(model, numbered, group = "form", group.label = c("2", "3")),
  group_listwise = fit(model, gaps, group = "school"),
  weights = fit(model, complete, sampling.weights = "w", meanstructure = TRUE),
  weights_listwise = fit(model, gaps, sampling.weights = "w", meanstructure = TRUE),
  weights_groups = fit(model, gaps, sampling.weights = "w", group = "school"),
  weights_ml = fit(model, holes, sampling.weights = "w", missing = "ml"),
  pairwise = fit(model, holes, missing = "pairwise", meanstructure = TRUE),
  ml = fit(model, holes, missing = "ml"),
  ml_groups = fit(model, holes, missing = "ml", group = "school"),
  ml_fixed_x = fit(mimic, holes, missing = "ml"),
  ml_x = fit(mimic, holes, missing = "ml.x"),
  pairwise_fixed_x = fit(mimic, holes, missing = "pairwise", meanstructure = TRUE),
  ordinal = fit(model, third(holes), ordered = TRUE),
  ordinal_groups = fit(model, third(holes), ordered = TRUE, missing = "pairwise", group = "school"),
  ordinal_mixed = fit(paste(model, "+ x9"), transform(third(complete), x9 = complete$x9),
                      ordered = items, sampling.weights = "w")
)
write_json(result, "samples.json", digits = 15, auto_unbox = TRUE, pretty = TRUE)
