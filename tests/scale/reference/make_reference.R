# Writes rotations.json and validity_fits.json. Run from the repository root.
suppressMessages({library(lavaan); library(semTools); library(psych); library(GPArotation); library(jsonlite)})
write <- function(x, file)
  write_json(x, file.path("tests/scale/reference", file), digits = 12, auto_unbox = TRUE, pretty = FALSE)
data <- function(name) read.csv(file.path("tests/reference/data", paste0(name, ".csv")))

bfi <- na.omit(data("bfi")[, 1:25])
unrotated <- unclass(principal(bfi, 5, rotate = "none")$loadings)
dimnames(unrotated) <- NULL
plain <- function(m) { m <- unclass(m); attributes(m) <- list(dim = dim(m)); m }
shown <- function(r) list(loadings = plain(r$loadings), phi = if (is.null(r$Phi)) NULL else plain(r$Phi))
tight <- stats::varimax(unrotated, eps = 1e-14)
write(list(
  varimax_tight = list(loadings = plain(tight$loadings)),
  varimax_raw = list(loadings = plain(stats::varimax(unrotated, normalize = FALSE)$loadings)),
  quartimax_raw = shown(quartimax(unrotated)),
  equamax_raw_tight = shown(cfT(unrotated, kappa = 5 / 50, eps = 1e-7, maxit = 5000)),
  oblimin = shown(oblimin(unrotated)),
  oblimin_kaiser_tight = shown(oblimin(unrotated, normalize = TRUE, eps = 1e-7, maxit = 5000)),
  geomin = shown(geominQ(unrotated)),
  promax_kaiser = shown(psych::kaiser(unrotated, rotate = "Promax"))
), "rotations.json")

measurement <- function(constructs, extra = "")
  paste(c(paste(names(constructs), "=~", sapply(constructs, paste, collapse = " + ")), extra), collapse = "\n")
clusters <- list(B1 = c("C3", "C1", "C2", "C4"), B2 = c("C7", "C5", "C6", "C8", "C9", "C10"), B3 = c("C11", "C12"),
                 B4 = c("C17", "C15", "C16", "C18"), B5 = c("C21", "C19", "C20", "C22"), B6 = c("C23", "C24"),
                 A1 = c("C26", "C27"), A2 = c("C29", "C28"))
abilities <- list(visual = c("x1", "x2", "x3"), textual = c("x4", "x5", "x6"), speed = c("x7", "x8", "x9"))
result <- function(constructs, d, extra = "") {
  m <- measurement(constructs, extra)
  fit <- cfa(m, d)
  estimates <- standardizedSolution(fit)[, c("lhs", "op", "rhs", "est.std")]
  estimates$est <- parameterEstimates(fit)$est
  names(estimates)[4] <- "std_all"
  suppressMessages(suppressWarnings(all <- as.data.frame(unclass(semTools::reliability(fit)))))
  ht <- function(second) plain(semTools::htmt(measurement(constructs), d, htmt2 = second))
  list(names = names(constructs), estimates = estimates,
       latent_cov = plain(lavInspect(fit, "cov.lv")), latent_cor = plain(lavInspect(fit, "cor.lv")),
       omega_implied = as.list(all["omega", names(constructs)]), omega_observed = as.list(all["omega3", names(constructs)]),
       ave_observed = as.list(semTools::AVE(fit)), htmt = ht(FALSE), htmt2 = ht(TRUE))
}
hs <- data("holzinger1939")
cb <- data("cross_border_simulated")
write(list(hs = result(abilities, hs), cross_border = result(clusters, cb),
           cross_border_residuals = result(clusters, cb, c("C2 ~~ C3", "C9 ~~ C10", "C17 ~~ C18", "C20 ~~ C21"))),
      "validity_fits.json")
