# Constraints and bounds as lavaan fits them, bounds that it derives from the data, and its score tests
# of equality constraints. Writes constraints.json. "Inf" and "-Inf" are written as text.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "polish.R"))
democracy <- data_of("political_democracy")
holzinger <- data_of("holzinger1939")

dem <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ q*ind60 + r*dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
"
dem_plain <- gsub("[a-z]\\*", "", dem)
hs <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
"
path <- "y1 ~ a*x1
y5 ~ b*y1 + cp*x1
"
cases <- list(
  inequality_active = list(dem, "q > 0.8\n", "political_democracy"),
  inequality_inactive = list(dem, "q < 5\n", "political_democracy"),
  value = list(dem, "q == 0.8\n", "political_democracy"),
  linear_two = list(dem, "a == b\nb + c == 2.5\n", "political_democracy"),
  linear_inequality = list(dem, "c > a + 0.2\n", "political_democracy"),
  product = list(dem, "p*r == 1\n", "political_democracy"),
  product_active = list(dem, "p*r > 1.5\n", "political_democracy"),
  product_inactive = list(dem, "p*r > 1\n", "political_democracy"),
  exponential = list(dem, "exp(q) == 2\n", "political_democracy"),
  square_active = list(dem, "r^2 < 0.6\n", "political_democracy"),
  defined = list(dem, "ind := p*r\ntot := ind + q\ntot == 2\n", "political_democracy"),
  mixed = list(dem, "a == b\nq > 0.8\np*r == 1.1\n", "political_democracy"),
  redundant = list(dem, "a == b\n2*a == 2*b\n", "political_democracy"),
  mediation = list(path, "a*b == 0.1\nind := a*b\n", "political_democracy"),
  automatic = list(hs, ".p2. == .p3.\n", "holzinger1939"),
  effect_coding = list("visual =~ NA*x1 + a*x1 + b*x2 + c*x3
textual =~ x4 + x5 + x6
", "a + b + c == 3\n", "holzinger1939"),
  lower_upper = list("f =~ x1 + lower(0.9)*x2 + x3 + x4 + upper(0.3)*x5\n", "", "holzinger1939"))

# lavaan's search under constraints fails with tight tolerances in some cases: loosen them until it does not.
fitted_with <- function(fun, ...) {
  for (tolerance in c(1e-15, 1e-13, 1e-11, 1e-10)) {
    control <- list(iter.max = 20000, eval.max = 40000, rel.tol = tolerance)
    fit <- suppressWarnings(fun(..., control = control))
    if (lavInspect(fit, "converged")) break
  }
  fit
}

# Newton steps on the Karush-Kuhn-Tucker equations with lavaan's gradient, Hessian and constraints: what
# binds stays the same, so this leaves everything of the solution but its last digits.
polish_constrained <- function(fit, data) {
  jacobian <- function(f, x) sapply(seq_along(x), function(j) {
    h <- 1e-6 * max(1, abs(x[j])); (f(replace(x, j, x[j] + h)) - f(replace(x, j, x[j] - h))) / (2 * h) })
  inactive <- attr(fit@Model@con.jac, "inactive.idx")
  cin <- attr(fit@Model@con.jac, "cin.idx")
  active <- which(!(cin %in% inactive))
  held <- function(x) c(if (length(body(fit@Model@ceq.function)) > 1) fit@Model@ceq.function(x),
                        if (length(active)) fit@Model@cin.function(x)[active])
  for (i in 1:12) {
    x <- as.numeric(coef(fit))
    g <- as.numeric(lavInspect(fit, "gradient")); H <- unclass(lavInspect(fit, "hessian"))
    value <- held(x)
    A <- if (length(value)) matrix(jacobian(held, x), length(value)) else matrix(0, 0, length(x))
    if (nrow(A)) { keep <- qr(t(A))$pivot[seq_len(qr(t(A))$rank)]; A <- A[keep, , drop = FALSE]; value <- value[keep] }
    r <- nrow(A); q <- length(x)
    step <- solve(rbind(cbind(H, t(A)), cbind(A, matrix(0, r, r))), -c(g, value))[seq_len(q)]
    x <- x + step
    pt <- parTable(fit)
    pt$ustart[pt$free > 0] <- x[pt$free[pt$free > 0]]
    pt$est <- pt$se <- pt$start <- NULL
    fit <- lavaan(pt, data, optim.method = "none", fixed.x = fit@Options$fixed.x)
    if (max(abs(step)) < 1e-12) break
  }
  cat(i, max(abs(step)), "\n")
  fit
}

rows_of <- function(fit) {
  est <- parameterEstimates(fit, remove.ineq = FALSE, remove.eq = FALSE)
  est[est$op %in% c("=~", "~", "~~", ":="), c("lhs", "op", "rhs", "est", "se")]
}

describe <- function(fit, vcov = FALSE) {
  if (!lavInspect(fit, "converged") && fit@Options$optim.method != "none") return(list(converged = FALSE))
  m <- fitMeasures(fit)
  mi <- modindices(fit, sort. = TRUE, maximum.number = 15)
  list(converged = lavInspect(fit, "converged"), estimates = rows_of(fit),
       measures = as.list(unclass(m[c("chisq", "df", "npar", "aic", "bic", "rmsea", "cfi")])),
       vcov = if (vcov) unname(unclass(lavInspect(fit, "vcov"))),
       modification_indices = mi[, c("lhs", "op", "rhs", "mi", "epc")])
}

result <- list(cases = list(), heywood = list(), presets = list(), release = list())
for (name in names(cases)) {
  case <- cases[[name]]
  text <- paste0(case[[1]], case[[2]])
  fit <- fitted_with(sem, text, data_of(case[[3]]))
  cat(name, lavInspect(fit, "converged"), "")
  if (lavInspect(fit, "converged") && name != "lower_upper") fit <- polish_constrained(fit, data_of(case[[3]]))
  result$cases[[name]] <- c(list(model = text, data = case[[3]]), describe(fit, name %in% c("product", "square_active", "linear_two")))
}

# Twenty-five pupils: without bounds an error variance is negative.
few <- seq(9, 301, by = 12)
for (bounds in c("none", "pos.var", "standard", "wide")) {
  fit <- fitted_with(cfa, hs, holzinger[few, ], bounds = bounds)
  result$heywood[[bounds]] <- c(list(model = hs, rows = few), describe(fit))
}

presets <- list(democracy = list(dem_plain, democracy, FALSE), democracy_std_lv = list(dem_plain, democracy, TRUE),
  second_order = list(paste0(hs, "g =~ visual + textual + speed\n"), holzinger, FALSE),
  single = list("f =~ x1 + x2 + x3\nf2 =~ x4 + x5\nf3 =~ x6\nf2 ~ f + x7\n", holzinger, FALSE),
  path = list(gsub("[abc]p?\\*", "", path), democracy, FALSE),
  own = list("f =~ x1 + x2 + lower(-1)*x3\nf ~~ upper(0.5)*f\n", holzinger, FALSE))
for (name in names(presets)) {
  case <- presets[[name]]
  told <- list(model = case[[1]], data = if (identical(case[[2]], democracy)) "political_democracy" else "holzinger1939",
               std_lv = case[[3]], bounds = list())
  for (bounds in c("standard", "wide", "pos.var", "pos.ov.var", "pos.lv.var")) {
    fit <- suppressWarnings(sem(case[[1]], case[[2]], bounds = bounds, std.lv = case[[3]]))
    pt <- parTable(fit)
    free <- pt$free > 0
    told$bounds[[bounds]] <- data.frame(lhs = pt$lhs[free], op = pt$op[free], rhs = pt$rhs[free],
      lower = format(pt$lower[free], digits = 12), upper = format(pt$upper[free], digits = 12))
  }
  result$presets[[name]] <- told
}

release <- list(metric = "loadings", scalar = c("loadings", "intercepts"))
for (name in names(release)) {
  fit <- fitted_with(cfa, hs, holzinger, group = "school", group.equal = release[[name]])
  score <- lavTestScore(fit, epc = TRUE)
  result$release[[name]] <- list(gradient = as.numeric(lavInspect(fit, "gradient")),
    information = unname(unclass(lavInspect(fit, "information.expected"))), jacobian = unname(fit@Model@ceq.JAC),
    n = lavInspect(fit, "ntotal"), uni = unclass(score$uni)$X2, total = unclass(score$test)$X2,
    change = score$epc$epc[score$epc$free > 0], total_df = score$test$df)
}
fit <- fitted_with(cfa, "visual =~ x1 + b1*x2 + x3
textual =~ x4 + b2*x5 + x6
speed =~ x7 + b3*x8 + x9
b1 == b2
b2 == b3
b1*b2 == 1", holzinger)
result$release$nonlinear <- list(gradient = as.numeric(lavInspect(fit, "gradient")),
  information = unname(unclass(lavInspect(fit, "information.expected"))), jacobian = unname(matrix(fit@Model@con.jac[1:3, ], 3)),
  n = lavInspect(fit, "ntotal"))
save(result, "constraints.json")
