# Whole tables of modification indices at lavaan's exact optimum. Writes modification_indices.json.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
mimic <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~ ageyr + grade
textual ~ visual + ageyr"
cases <- c("hs_cfa_ml", "hs_cfa_ml_meanstructure", "hs_second_order", "hs_bifactor",
           "democracy_sem_ml", "democracy_sem_nocov", "democracy_equal_defined", "path_observed_random_x",
           "cross_border_initial", "cross_border_revised", "bfi_cfa_ml", "hs_cfa_ml_wishart",
           "growth_linear", "path_observed")
table <- function(fit) {
  mi <- as.data.frame(modindices(fit))
  mi <- mi[!is.na(mi$mi), c("lhs", "op", "rhs", "mi", "epc", "sepc.lv", "sepc.all")]
  names(mi) <- gsub(".", "_", names(mi), fixed = TRUE)
  as.list(mi)
}
result <- list(cases = list())
for (name in cases) result$cases[[name]] <- table(case_fit(name))
hs <- data_of("holzinger1939")
fit <- polish(sem(mimic, hs), hs)
result$mimic <- list(model = mimic, data = "holzinger1939", estimates = estimates(fit), table = table(fit))
save(result, "modification_indices.json")
