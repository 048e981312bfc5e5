# Standardised solutions with standard errors from lavaan 0.6-14, stopped tightly.
# Run in this folder: Rscript standardized.R. Writes standardized.json.
library(lavaan)
library(jsonlite)
out <- list()
for (name in c("hs_cfa_ml", "democracy_equal_defined", "growth_linear", "hs_second_order")) {
  case <- fromJSON(paste0(name, ".json"))
  call <- list(
    model = case$model, data = read.csv(paste0("data/", case$data, ".csv")),
    control = list(rel.tol = 1e-14, iter.max = 20000, eval.max = 50000)
  )
  if (name == "hs_second_order") call$std.lv <- TRUE
  fit <- do.call(case$fun, call)
  out[[name]] <- lapply(c(all = "std.all", lv = "std.lv"), function(type) {
    rows <- standardizedSolution(fit, type = type)
    rows <- rows[rows$op != ":=", c("lhs", "op", "rhs", "est.std", "se")]
    lapply(seq_len(nrow(rows)), function(i) unname(as.list(rows[i, ])))
  })
}
write(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"), "standardized.json")
