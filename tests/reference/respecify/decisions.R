# lavaan's score tests with power, Wald tests, and R's adjusted p-values, for
# tests/respecify/test_respecify_oracle.py. Run with: Rscript decisions.R > decisions.json
suppressMessages(library(lavaan))
model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
fit <- cfa(model, HolzingerSwineford1939)
mi <- modindices(fit, power = TRUE, delta = 0.1, alpha = 0.05, high.power = 0.75)
larger <- cfa(paste0(model, "\nx7 ~~ c*x8\nx2 ~~ d*x7\nvisual =~ e*x9"), HolzingerSwineford1939)
wald <- sapply(c("c == 0", "d == 0", "e == 0"), function(h) lavTestWald(larger, h)$stat)
p <- pchisq(mi$mi, 1, lower.tail = FALSE)
num <- function(x) paste0("[", paste(format(x, digits = 12), collapse = ", "), "]")
text <- function(x) paste0("[", paste0('"', x, '"', collapse = ", "), "]")
cat("{\n")
cat('"lavaan": "', as.character(packageVersion("lavaan")), '",\n', sep = "")
cat('"row": ', text(paste(mi$lhs, mi$op, mi$rhs)), ",\n", sep = "")
for (name in c("mi", "epc", "power")) cat('"', name, '": ', num(mi[[name]]), ",\n", sep = "")
cat('"decision": ', text(trimws(mi$decision)), ",\n", sep = "")
for (name in c("holm", "bonferroni", "BH")) cat('"', name, '": ', num(p.adjust(p, name)), ",\n", sep = "")
cat('"wald": ', num(wald), "\n}\n", sep = "")
