# Tables of measurement invariance, continuous and ordered (Wu and Estabrook, 2016, by semTools::measEq.syntax).
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
suppressMessages(library(semTools))
wanted <- c("npar", "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr", "aic", "bic",
            "chisq.scaled", "df.scaled", "pvalue.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled", "cfi.robust", "tli.robust", "rmsea.robust")
shown <- function(fit) { m <- suppressWarnings(fitMeasures(fit)); named(m[intersect(wanted, names(m))]) }
out <- list()
difference <- function(one, two) {
  got <- suppressWarnings(lavTestLRT(one, two)); row <- as.data.frame(got)[2, ]
  list(chisq = row[["Chisq diff"]], df = row[["Df diff"]], pvalue = row[["Pr(>Chisq)"]])
}
table <- function(name, data, model, base, steps, syntax = NULL) {
  if (length(ONLY) && !grepl(ONLY[1], name)) return(invisible(NULL))
  fits <- list(); rows <- list(); before <- NULL
  for (step in names(steps)) {
    text <- if (is.null(syntax)) model else syntax[[step]]
    got <- fit_of("cfa", text, data, c(base, steps[[step]]))
    fit <- got$fit
    row <- list(model = text, options = c(base, steps[[step]]), warnings = as.list(got$heard), measures = shown(fit))
    if (!is.null(before)) row$difference <- difference(before, fit)
    rows[[step]] <- row; before <- fit
    cat(sprintf("%-34s %-14s chisq %9.3f df %4d cfi %.5f diff %9.4f %s\n", name, step, row$measures$chisq, as.integer(row$measures$df), row$measures$cfi,
                if (is.null(row$difference)) NA else row$difference$chisq, paste(substr(got$heard, 1, 100), collapse = "|")))
  }
  out[[name]] <<- list(data = data, steps = rows)
}
continuous <- list(configural = list(), metric = list(group.equal = "loadings"), scalar = list(group.equal = c("loadings", "intercepts")),
                   strict = list(group.equal = c("loadings", "intercepts", "residuals")))
for (e in c("ML", "MLR", "MLM")) for (g in c("school", "site")) table(paste("hs", g, tolower(e), sep = "_"), "hs_design", HS, list(estimator = e, group = g), continuous)
table("hs_school_stdlv", "hs_design", HS, list(group = "school", std.lv = TRUE), continuous)
table("hs_school_fiml_mlr", "hs_design_missing", HS, list(estimator = "MLR", missing = "ml", group = "school"), continuous)
table("hs_school_partial", "hs_design", HS, list(group = "school", group.partial = c("x3 ~ 1", "x7 ~ 1")), continuous)
ordered_steps <- list(configural = character(), thresholds = "thresholds", loadings = c("thresholds", "loadings"),
                      intercepts = c("thresholds", "loadings", "intercepts"), residuals = c("thresholds", "loadings", "intercepts", "residuals"))
wu <- function(name, data, model, items, group, p, estimator = "WLSMV") {
  # Residual variances are no parameters of the delta parameterisation.
  ordered_steps <- if (p == "delta") ordered_steps[-5] else ordered_steps
  syntax <- lapply(ordered_steps, function(equal) {
    equal <- if (length(equal)) equal else ""
    as.character(suppressWarnings(measEq.syntax(configural.model = model, data = data_of(data), ordered = items, parameterization = p,
      ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = group, group.equal = equal)))
  })
  none <- lapply(ordered_steps, function(x) list())
  table(name, data, model, list(estimator = estimator, ordered = items, group = group, parameterization = p), none, syntax)
  out[[name]]$configural_model <<- model
  out[[name]]$equal <<- ordered_steps
  out[[name]]$identification <<- "ID.fac = std.lv, ID.cat = Wu.Estabrook.2016"
}
TWO <- "A =~ A1 + A2 + A3 + A4 + A5
N =~ N1 + N2 + N3 + N4 + N5"
items <- c(paste0("A", 1:5), paste0("N", 1:5))
for (p in c("delta", "theta")) wu(paste0("bfi_gender_", p), "bfi", TWO, items, "gender", p)
ORD <- "visual =~ o1 + o2 + o3
textual =~ o4 + o5 + o6"
for (p in c("delta", "theta")) wu(paste0("hs_ordinal_", p), "hs_ordinal", ORD, paste0("o", 1:6), "school", p)
if (length(ONLY)) quit()
save(list(software = paste("lavaan", packageVersion("lavaan"), "semTools", packageVersion("semTools")),
          note = "difference: lavTestLRT of a step against the one before, lavaan's default method for the estimator (satorra.bentler.2001 for MLR and MLM, satorra.2000 scaled-shifted with WLSMV).",
          cases = out), "invariance")
