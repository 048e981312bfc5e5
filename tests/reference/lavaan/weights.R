# Sampling weights and clusters.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
D <- "hs_design"; M <- "hs_design_missing"
kept <- function(fit) list(weights_sum = as.list(vapply(fit@Data@weights, sum, 1)), sample_cov = bare(lavTech(fit, "sampstat")[[1]]$cov))
for (e in c("ML", "MLR")) {
  case(paste0("hs_weights_", tolower(e)), "cfa", HS, D, list(estimator = e, sampling.weights = "weight"), "Weights sum to N; ML with weights becomes robust.huber.white with yuan.bentler.mplus.", kept)
  case(paste0("hs_weights_groups_", tolower(e)), "cfa", HS, D, list(estimator = e, sampling.weights = "weight", group = "school"), "Weights sum to N over all groups; a group counts with its sum of weights.", kept)
}
case("hs_weights_naive", "cfa", HS, D, list(sampling.weights = "weight", se = "standard", test = "standard"), "", kept)
case("hs_weights_means", "cfa", HS, D, list(sampling.weights = "weight", meanstructure = TRUE), "", kept)
case("hs_weights_group_normalised", "cfa", HS, D, list(sampling.weights = "weight", group = "school", sampling.weights.normalization = "group"), "Weights sum to n_g in each group.", kept)
case("hs_weights_groups_scalar", "cfa", HS, D, list(sampling.weights = "weight", group = "school", group.equal = c("loadings", "intercepts")), "", kept)
case("hs_weights_path", "sem", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", D, list(sampling.weights = "weight"), "", kept)
case("hs_weights_path_random", "sem", "x4 ~ x1 + ageyr
x7 ~ x4 + x1", D, list(sampling.weights = "weight", fixed.x = FALSE), "", kept)
case("hs_weights_fiml", "cfa", HS, M, list(sampling.weights = "weight", missing = "ml"), "", function(fit) list(weights_sum = as.list(vapply(fit@Data@weights, sum, 1))))
case("hs_weights_fiml_groups", "cfa", HS, M, list(sampling.weights = "weight", missing = "ml", group = "school"), "", function(fit) list(weights_sum = as.list(vapply(fit@Data@weights, sum, 1))))
O <- paste0("o", 1:6)
case("hs_weights_ordinal", "cfa", "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6", "hs_ordinal", list(sampling.weights = "weight", ordered = O), "", function(fit) list(weights_sum = as.list(vapply(fit@Data@weights, sum, 1))))
case("hs_weights_mixed", "cfa", "visual =~ x1 + o2 + x3
textual =~ o4 + x5 + o6", "hs_ordinal", list(sampling.weights = "weight", ordered = c("o2", "o4", "o6")), "", function(fit) list(weights_sum = as.list(vapply(fit@Data@weights, sum, 1))))
for (e in c("ML", "MLR")) {
  case(paste0("hs_cluster_", tolower(e)), "cfa", HS, D, list(estimator = e, cluster = "cluster"), "se = robust.cluster, mean structure added.")
  case(paste0("hs_cluster_groups_", tolower(e)), "cfa", HS, D, list(estimator = e, cluster = "cluster", group = "school"))
}
case("hs_cluster_weights", "cfa", HS, D, list(cluster = "cluster", sampling.weights = "weight"))
case("hs_cluster_fiml", "cfa", HS, M, list(cluster = "cluster", missing = "ml"))
case("hs_cluster_fiml_mlr", "cfa", HS, M, list(cluster = "cluster", missing = "ml", estimator = "MLR"))
case("hs_cluster_path", "sem", "x4 ~ a*x1 + ageyr
x7 ~ b*x4 + x1
indirect := a*b", D, list(cluster = "cluster"))
case("hs_cluster_path_random", "sem", "x4 ~ a*x1 + ageyr
x7 ~ b*x4 + x1
indirect := a*b", D, list(cluster = "cluster", fixed.x = FALSE))
case("hs_cluster_constraint", "cfa", "visual =~ x1 + a*x2 + b*x3
textual =~ x4 + x5 + x6
a == b", D, list(cluster = "cluster", estimator = "MLR"))
