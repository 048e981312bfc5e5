# Resamples, refits and intervals: what lavaan and boot make of the same resampled rows.
#
# Rows come from a generator that any language computes exactly (Park and Miller's: x <- 16807 x mod 2^31 - 1), so that
# no table of indices is needed: row 1 + x mod n, resample by resample and group by group, starting from `seed`.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "..", "lavaan", "common.R"))
library(boot)
KEPT <- 25                                             # resamples whose estimates are written down
rows_drawn <- function(seed, sizes, B) {
  x <- seed
  lapply(seq_len(B), function(b) lapply(sizes, function(n) {
    out <- integer(n)
    for (i in seq_len(n)) { x <<- (16807 * x) %% 2147483647; out[i] <- 1 + x %% n }
    out
  }))
}
# A fit of other rows, sharpened; NULL where lavaan fails. Sharpening asks for lavaan's first standard errors to be near its last ones, so these are always computed.
refit <- function(told, frame) {
  fit <- suppressWarnings(tryCatch(do.call(told$fun, c(list(model = told$model, data = frame, baseline = FALSE, control = LONG), told$options, told$em)), error = function(e) NULL))
  if (is.null(fit) || !lavInspect(fit, "converged")) return(NULL)
  suppressWarnings(polish(fit))
}
values_of <- function(fit) {
  rows <- rows_of(fit)
  list(est = rows$est, se = rows$se, std = rows$std_all, chisq = unname(fit@test[[1]]$stat), admissible = suppressWarnings(lavInspect(fit, "post.check")), theta = as.numeric(coef(fit, type = "free")))
}
bound <- function(all, what) do.call(rbind, lapply(all, function(one) if (is.null(one)) NA else one[[what]]))

case_of_bootstrap <- function(name, fun, model, data, options = list(), B = KEPT, seed = 20221130, null = FALSE, jackknife = FALSE, unit = NULL, note = "") {
  if (length(ONLY) && !grepl(ONLY[1], name)) return(invisible(NULL))
  frame <- data_of(data)
  told <- list(fun = fun, model = model, options = options, em = if (isTRUE(options$missing == "ml")) EXACT_EM else list())
  started <- proc.time()[["elapsed"]]
  fit <- fit_of(fun, model, frame, options)$fit
  group <- options$group
  # The rows of every group, in lavaan's order; the data have no rows that lavaan leaves out.
  members <- if (is.null(group)) list(seq_len(nrow(frame))) else lapply(lavInspect(fit, "group.label"), function(label) which(frame[[group]] == label))
  stopifnot(sum(lengths(members)) == sum(lavInspect(fit, "nobs")))
  units <- if (is.null(unit)) lapply(members, as.list) else lapply(members, function(rows) unname(split(rows, factor(frame[[unit]][rows], levels = unique(frame[[unit]][rows])))))
  drawn <- rows_drawn(seed, lengths(units), B)
  if (null) frame <- in_null(fit, frame, members)
  resample <- function(chosen) {
    rows <- mapply(function(unit, index) unlist(unit[index]), units, chosen, SIMPLIFY = FALSE)
    # Groups stay in the order of the original data.
    out <- frame[unlist(rows), , drop = FALSE]; rownames(out) <- NULL
    out
  }
  all <- lapply(drawn, function(chosen) { fit <- refit(told, resample(chosen)); if (is.null(fit)) NULL else values_of(fit) })
  here <- values_of(fit)
  est <- bound(all, "est"); std <- bound(all, "std"); se <- bound(all, "se"); theta <- bound(all, "theta")
  kept <- seq_len(min(B, KEPT))
  rows <- rows_of(fit)
  out <- list(name = name, software = paste("lavaan", packageVersion("lavaan"), "boot", packageVersion("boot")), note = note, fun = fun, data = data, model = model, options = options,
              unit = unit, null = null, seed = seed, sizes = as.list(lengths(units)), B = B, estimates = rows[, intersect(c("lhs", "op", "rhs", "group", "label", "est", "se", "std_all"), names(rows))],
              chisq = here$chisq, resampled = list(est = est[kept, ], std_all = std[kept, ], se = se[kept, ]), resampled_chisq = as.numeric(bound(all, "chisq")),
              admissible = as.logical(bound(all, "admissible")), failed = which(vapply(all, is.null, TRUE)))
  if (null) out$null_p <- mean(as.numeric(bound(all, "chisq")) > here$chisq, na.rm = TRUE)
  if (jackknife) {
    left <- lapply(seq_along(units), function(g) lapply(seq_along(units[[g]]), function(i) {
      chosen <- lapply(units, seq_along); chosen[[g]] <- chosen[[g]][-i]
      values_of(refit(told, resample(chosen)))
    }))
    centred <- function(what) do.call(rbind, lapply(left, function(one) { x <- bound(one, what); n <- nrow(x); -(n - 1) / n * sweep(x, 2, colMeans(x)) }))
    L <- centred("est"); L_std <- centred("std")
    out$acceleration <- list(est = skew(L), std_all = skew(L_std))
    out$intervals <- list(est = of_boot(here$est, est, L, here$se, se), std_all = of_boot(here$std, std, L_std))
    out$lavaan <- of_lavaan(fit, theta)
  }
  writable(out, name)
  cat(sprintf("%-34s B %4d failed %d chisq %9.4f %6.1fs\n", name, B, length(out$failed), here$chisq, proc.time()[["elapsed"]] - started))
}
skew <- function(L) apply(L, 2, function(l) if (all(l == 0)) 0 else sum(l^3) / (6 * sum(l^2)^1.5))
# boot.ci's five intervals of every parameter; no row for what does not vary.
of_boot <- function(t0, t, L, se = NULL, t_se = NULL) {
  as_boot <- structure(list(R = nrow(t), sim = "ordinary"), class = "boot", boot_type = "boot")
  ends <- function(one) if (is.null(one)) c(NA, NA) else as.numeric(tail(as.numeric(one), 2))
  found <- lapply(seq_along(t0), function(k) {
    if (diff(range(t[, k], na.rm = TRUE)) < 1e-12) return(NULL)
    stud <- !is.null(se) && !is.na(se[k]) && se[k] > 0
    heard <- FALSE
    got <- withCallingHandlers(boot.ci(as_boot, conf = 0.95, type = c("norm", "basic", "perc", "bca", if (stud) "stud"), t0 = t0[k], t = t[, k], L = L[, k],
                                       var.t0 = NULL, var.t = if (stud) t_se[, k]^2), warning = function(w) { heard <<- heard || grepl("extreme", conditionMessage(w)); invokeRestart("muffleWarning") })
    plain_ends <- lapply(got[c("normal", "basic", "percent", "bca")], ends)
    if (stud) {
      # var.t0 would also replace the variance of the normal interval.
      again <- suppressWarnings(boot.ci(as_boot, conf = 0.95, type = "stud", index = c(1, 2), t0 = t0[k], t = t[, k], var.t0 = se[k]^2, var.t = t_se[, k]^2))
      plain_ends$student <- ends(again$student)
    }
    c(list(row = k, extreme = heard), plain_ends)
  })
  Filter(Negate(is.null), found)
}
# lavaan's intervals from the same estimates, put where its own bootstrap leaves its own.
of_lavaan <- function(fit, theta) {
  B <- nrow(theta)
  fit@Options$se <- "bootstrap"
  fit@boot <- list(coef = theta)
  fit@ParTable$se <- lavaan:::lav_model_vcov_se(lavmodel = fit@Model, lavpartable = fit@ParTable, VCOV = cov(theta) * (B - 1) / B, BOOT = theta)
  out <- lapply(c(norm = "norm", basic = "basic", perc = "perc", bca_simple = "bca.simple"), function(type) {
    ci <- suppressWarnings(parameterEstimates(fit, boot.ci.type = type, remove.system.eq = FALSE))
    ci <- ci[!ci$op %in% c("==", "<", ">"), ]
    unname(as.matrix(ci[, c("ci.lower", "ci.upper")]))
  })
  out$se <- rows_of(fit)$se
  out
}
# Bollen and Stine's data of every group.
in_null <- function(fit, frame, members) {
  names <- lavNames(fit, "ov")
  implied <- fitted(fit)
  if (length(members) == 1) implied <- list(implied)
  root <- function(m, power) { e <- eigen(m, symmetric = TRUE); e$vectors %*% diag(e$values^power) %*% t(e$vectors) }
  for (g in seq_along(members)) {
    x <- as.matrix(frame[members[[g]], names]); n <- nrow(x)
    z <- scale(x, scale = FALSE) %*% root(cov(x) * (n - 1) / n, -0.5) %*% root(unclass(implied[[g]]$cov)[names, names], 0.5)
    mean <- implied[[g]]$mean
    frame[members[[g]], names] <- if (length(mean)) sweep(z, 2, as.numeric(mean[names]), "+") else z
  }
  frame
}
writable <- function(what, name) {
  write(toJSON(what, digits = I(11), auto_unbox = TRUE, na = "null", null = "null", dataframe = "columns", matrix = "rowmajor"), file.path(here, paste0(name, ".json")))
}

PATH <- "x4 ~ a*x1 + ageyr
x7 ~ b*x4 + c*x1
indirect := a*b
total := c + a*b"
case_of_bootstrap("path", "sem", PATH, "holzinger1939", B = 199, jackknife = TRUE, note = "Fixed covariates.")
case_of_bootstrap("hs", "cfa", HS, "holzinger1939", B = 199, jackknife = TRUE)
case_of_bootstrap("groups", "cfa", "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
visual ~~ c(r1, r2)*textual
difference := r1 - r2", "holzinger1939", list(group = "school", group.equal = "loadings"), B = 99, jackknife = TRUE)
case_of_bootstrap("null", "cfa", HS, "holzinger1939", null = TRUE, B = 60)
case_of_bootstrap("null_groups", "cfa", HS, "holzinger1939", list(group = "school", group.equal = c("loadings", "intercepts")), null = TRUE, B = 40)
case_of_bootstrap("clusters", "cfa", HS, "hs_design", list(meanstructure = TRUE), unit = "cluster")
case_of_bootstrap("weights", "cfa", HS, "hs_design", list(sampling.weights = "weight"))
for (estimator in c("GLS", "ULS", "MLR")) case_of_bootstrap(tolower(estimator), "cfa", HS, "holzinger1939", list(estimator = estimator))
case_of_bootstrap("fiml", "cfa", HS, "holzinger1939_missing", list(missing = "ml"), B = 15)
case_of_bootstrap("wlsmv", "cfa", "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6", "hs_ordinal", list(estimator = "WLSMV", ordered = paste0("o", 1:6)), B = 15)
home <- fromJSON(file.path(here, "..", "cross_border_revised.json"))
case_of_bootstrap("home", home$fun, home$model, home$data, as.list(home$options), B = 12)
