# Shared by the scripts of this folder: run a case with lavaan 0.6-14, sharpen its solution, write it down.
suppressMessages({library(lavaan); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
data_of <- function(name) read.csv(file.path(here, "..", "data", paste0(name, ".csv")))
EXACT_EM <- list(em.h1.iter.max = 20000, em.h1.tol = 1e-13)
LONG <- list(iter.max = 20000, eval.max = 50000)

# lavaan stops when F hardly changes, at which estimates are right to about 1e-5. From there Newton steps with
# the gradient and Hessian that lavaan reports lead to the optimum, and lavaan computes the rest at these values.
# Fits with nonlinear equalities or active inequalities or bounds stay as nlminb left them, with a tighter stopping rule.
reduced <- function(fit) {
  if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(length(coef(fit)))
}
at <- function(fit, x, full) {
  options <- fit@Options
  options$optim.method <- "none"
  options$baseline <- FALSE
  if (!full) { options$se <- "none"; options$test <- "none" }
  table <- as.list(fit@ParTable)
  table$ustart[table$free > 0] <- x[table$free[table$free > 0]]
  table$start <- table$est <- table$ustart
  table$se <- NULL
  lavaan(slotParTable = table, slotOptions = options, slotSampleStats = fit@SampleStats,
         slotData = fit@Data, slotCache = fit@Cache, sloth1 = fit@h1)
}
inactive <- function(fit) {
  x <- as.numeric(coef(fit, type = "free"))
  table <- fit@ParTable
  free <- table$free > 0
  on_bound <- !is.null(table$lower) && any(abs(table$est - table$lower)[free] < 1e-5 | abs(table$est - table$upper)[free] < 1e-5, na.rm = TRUE)
  relations <- if (is.null(body(fit@Model@cin.function))) numeric() else fit@Model@cin.function(x)
  !on_bound && !any(abs(relations) < 1e-4)
}
sharpens <- function(fit) {
  !length(fit@Model@ceq.nonlinear.idx) && fit@optim$npar > 0 && lavInspect(fit, "converged") && inactive(fit)
}
# The slope along what the constraints leave free.
slope <- function(fit) {
  x <- as.numeric(coef(fit, type = "free"))
  g <- as.numeric(lavInspect(fit, "gradient"))
  model <- fit@Model
  J <- NULL
  if (!is.null(body(model@ceq.function))) J <- rbind(J, numDeriv::jacobian(model@ceq.function, x))
  if (!is.null(body(model@cin.function))) J <- rbind(J, numDeriv::jacobian(model@cin.function, x)[abs(model@cin.function(x)) < 1e-4, , drop = FALSE])
  table <- fit@ParTable
  if (!is.null(table$lower)) {
    on <- which(table$free > 0 & (abs(table$est - table$lower) < 1e-5 | abs(table$est - table$upper) < 1e-5))
    if (length(on)) J <- rbind(J, diag(length(x))[table$free[on], , drop = FALSE])
  }
  if (is.null(J) || !nrow(J)) max(abs(g)) else max(abs(qr.resid(qr(t(J)), g)))
}
polish <- function(first) {
  fit <- first
  x <- as.numeric(coef(first, type = "free"))
  best <- slope(first)
  for (i in 1:4) {
    K <- reduced(fit)
    # lavaan's Hessian of several incomplete groups has another scale; its observed information is right there.
    better <- FALSE
    for (curvature in c("hessian", "information.observed")) {
      step <- tryCatch(K %*% solve(t(K) %*% lavInspect(fit, curvature) %*% K, t(K) %*% lavInspect(fit, "gradient")),
                       error = function(e) NULL)
      if (is.null(step)) next
      tried <- at(first, x - as.numeric(step), FALSE)
      better <- slope(tried) < best / 10 || slope(tried) < 1e-13
      if (better) break
    }
    if (!better) break
    best <- slope(tried); x <- x - as.numeric(step); fit <- tried
    if (best < 1e-13) break
  }
  done <- at(first, x, TRUE)
  done@Options <- first@Options
  done@baseline <- first@baseline
  done@optim$converged <- TRUE
  before <- first@ParTable$se; after <- done@ParTable$se
  if (!isTRUE(all(abs(after - before) <= 1e-2 * abs(before) + 1e-6 | is.na(before)))) { cat("not sharpened: "); return(first) }
  done
}

rows_of <- function(fit) {
  est <- as.data.frame(parameterEstimates(fit, remove.system.eq = FALSE, remove.def = FALSE))
  lv <- as.data.frame(standardizedSolution(fit, type = "std.lv", se = FALSE))
  all <- as.data.frame(standardizedSolution(fit, type = "std.all", se = FALSE))
  relation <- c("==", "<", ">")
  est <- est[!est$op %in% relation, ]; lv <- lv[!lv$op %in% relation, ]; all <- all[!all$op %in% relation, ]
  stopifnot(nrow(est) == nrow(all), all(est$lhs == all$lhs), all(est$op == all$op), all(est$rhs == all$rhs))
  est$std_lv <- lv$est.std; est$std_all <- all$est.std
  plain(est)
}
plain <- function(frame) {
  class(frame) <- "data.frame"; rownames(frame) <- NULL
  names(frame) <- gsub(".", "_", names(frame), fixed = TRUE); frame
}
named <- function(x) { x <- as.list(unclass(x)); names(x) <- gsub(".", "_", names(x), fixed = TRUE); x }
bare <- function(x) if (is.list(x)) lapply(x, bare) else if (is.null(dim(x))) as.numeric(x) else { x <- unclass(x); dimnames(x) <- NULL; attributes(x) <- list(dim = dim(x)); x }
per_group <- function(x) if (is.list(x)) lapply(x, function(one) as.list(unclass(one))) else as.list(unclass(x))
piece <- function(fit, what) {
  one <- fitted(fit)
  if (lavInspect(fit, "ngroups") > 1) { got <- lapply(one, `[[`, what); if (all(vapply(got, is.null, TRUE))) NULL else bare(got) }
  else if (is.null(one[[what]])) NULL else bare(one[[what]])
}
indices <- function(fit, at_most = 40) {
  mi <- tryCatch(as.data.frame(modindices(fit, sort. = TRUE)), error = function(e) NULL)
  if (is.null(mi)) return(NULL)
  mi <- mi[!is.na(mi$mi) & mi$op %in% c("=~", "~", "~~", "~1", "|"), ]
  plain(utils::head(mi, at_most))
}

written <- character()
save <- function(what, name) {
  stopifnot(!name %in% written); written <<- c(written, name)
  write(toJSON(what, digits = I(12), auto_unbox = TRUE, na = "null", null = "null", dataframe = "rows"),
        file.path(here, paste0(name, ".json")))
}
fit_of <- function(fun, model, data, options) {
  heard <- character()
  frame <- if (is.data.frame(data)) data else data_of(data)
  em <- if (isTRUE(options$missing %in% c("ml", "fiml", "ml.x"))) EXACT_EM else list()
  run <- function(control) do.call(fun, c(list(model = model, data = frame), options, em, list(control = control)))
  fit <- withCallingHandlers({
    fit <- run(LONG)
    if (sharpens(fit)) polish(fit) else {
      for (tolerance in c(1e-14, 1e-13, 1e-12)) {
        tight <- suppressWarnings(run(c(LONG, list(rel.tol = tolerance))))
        if (lavInspect(tight, "converged")) { fit <- tight; break }
      }
      fit
    }
  },
    warning = function(w) { heard <<- c(heard, gsub("\\s+", " ", conditionMessage(w))); invokeRestart("muffleWarning") })
  # lavaan says this whenever a correction is asked for.
  heard <- unique(heard[!grepl("observed.information for ALL test statistics is set to h1", heard)])
  list(fit = fit, heard = heard)
}
# One JSON file, one case. `extra` adds what the theme is about.
# Rscript ordinal.R probit makes only the cases whose names match.
ONLY <- commandArgs(TRUE)
case <- function(name, ...) {
  if (length(ONLY) && !grepl(ONLY[1], name)) return(invisible(NULL))
  tryCatch(one_case(name, ...), error = function(e) { cat("FAILED", name, gsub("\\s+", " ", conditionMessage(e)), "\n"); NULL })
}
one_case <- function(name, fun, model, data, options = list(), note = "", extra = NULL, mi = TRUE) {
  took <- system.time(got <- fit_of(fun, model, data, options))[["elapsed"]]
  fit <- got$fit
  if (!lavInspect(fit, "converged")) { cat("NOT CONVERGED", name, "\n"); return(invisible(fit)) }
  measures <- suppressWarnings(named(fitMeasures(fit)))
  out <- list(name = name, software = paste("lavaan", packageVersion("lavaan")), note = note, warnings = as.list(got$heard),
              fun = fun, data = data, model = model, options = options, nobs = lavInspect(fit, "nobs"),
              norig = lavInspect(fit, "norig"),
              npar = measures$npar, logl = measures$logl, gradient = slope(fit), estimates = rows_of(fit), measures = measures,
              modification_indices = if (mi) suppressWarnings(indices(fit)) else NULL,
              observed = if (lavInspect(fit, "ngroups") > 1) lavNames(fit, "ov", group = 1) else lavNames(fit, "ov"),
              implied_cov = piece(fit, "cov"), implied_mean = piece(fit, "mean"), implied_thresholds = piece(fit, "th"),
              tests = lapply(fit@test, function(one) {
                one <- one[intersect(c("stat", "stat.group", "df", "pvalue", "scaling.factor", "shift.parameter"), names(one))]
                named(lapply(one[lengths(one) > 0], unname))
              }),
              r2 = tryCatch(per_group(lavInspect(fit, "r2")), error = function(e) NULL))
  if (length(lavInspect(fit, "group.label"))) out$groups <- lavInspect(fit, "group.label")
  if (!is.null(extra)) out <- c(out, extra(fit))
  save(out, name)
  cat(sprintf("%-44s chisq %10.4f df %6.2f grad %8.1e %5.1fs %s\n", name, fit@test[[1]]$stat, fit@test[[1]]$df, out$gradient, took,
              paste(substr(got$heard, 1, 160), collapse = " | ")))
  invisible(fit)
}
HS <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
