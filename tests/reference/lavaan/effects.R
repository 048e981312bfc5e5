# Indirect and total effects, written out with :=, with delta-method standard errors.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "common.R"))
D <- "hs_design"
CHAIN <- "x4 ~ a*x1 + d*x2
x7 ~ b*x4 + e*x1
x9 ~ c*x7 + f*x4 + g*x1
x1_x7 := a*b
x1_x9_long := a*b*c
x1_x9_indirect := a*b*c + e*c + a*f
x1_x9_total := a*b*c + e*c + a*f + g
x2_x9_indirect := d*f + d*b*c
x4_x9_total := f + b*c"
for (e in c("ML", "MLR")) case(paste0("effects_chain_", tolower(e)), "sem", CHAIN, D, list(estimator = e))
case("effects_chain_random", "sem", CHAIN, D, list(fixed.x = FALSE))
case("effects_chain_groups", "sem", "x4 ~ c(a1, a2)*x1
x7 ~ c(b1, b2)*x4 + c(e1, e2)*x1
indirect1 := a1*b1
indirect2 := a2*b2
total1 := a1*b1 + e1
total2 := a2*b2 + e2
gap := a1*b1 - a2*b2", D, list(group = "school"))
case("effects_latent", "sem", paste0(HS, "\ntextual ~ a*visual\nspeed ~ b*textual + c*visual\nindirect := a*b\ntotal := a*b + c"), D)
case("effects_latent_mlr", "sem", paste0(HS, "\ntextual ~ a*visual\nspeed ~ b*textual + c*visual\nindirect := a*b\ntotal := a*b + c"), D, list(estimator = "MLR"))
case("effects_covariate_latent", "sem", paste0(HS, "\nvisual ~ p*ageyr\ntextual ~ a*visual + q*ageyr\nspeed ~ b*textual + c*visual\nage_speed := p*a*b + p*c + q*b\nage_textual := p*a + q"), D)
# Loops: total effect of y on itself and others is a sum over all rounds, (I - B)^-1 - I.
NONREC <- "x4 ~ f*x7 + a*x1
x7 ~ g*x4 + b*x2
x4 ~~ x7
x1_x4_total := a/(1 - f*g)
x1_x4_indirect := a/(1 - f*g) - a
x1_x7_total := g*a/(1 - f*g)
x2_x4_total := f*b/(1 - f*g)
x2_x7_total := b/(1 - f*g)
x4_x4_total := f*g/(1 - f*g)
x4_x7_total := g/(1 - f*g)
x7_x4_total := f/(1 - f*g)"
for (e in c("ML", "MLR")) case(paste0("effects_loop_", tolower(e)), "sem", NONREC, D, list(estimator = e))
# The home study: labels on every path, every effect by :=
home <- fromJSON(file.path(here, "..", "cross_border_revised.json"))$model
lines <- strsplit(home, "\n")[[1]]
paths <- grep("^\\w+ ~ ", lines, value = TRUE)
labels <- list(); new <- character()
for (line in paths) {
  sides <- trimws(strsplit(line, "~")[[1]]); to <- sides[1]; from <- trimws(strsplit(sides[2], "+", fixed = TRUE)[[1]])
  for (x in from) labels[[paste(to, x)]] <- paste0("p_", to, "_", x)
  new <- c(new, paste(to, "~", paste0("p_", to, "_", from, "*", from, collapse = " + ")))
}
latents <- unique(unlist(strsplit(names(labels), " ")))
walks <- function(from, to, seen = from) {
  found <- character()
  if (!is.null(labels[[paste(to, from)]])) found <- labels[[paste(to, from)]]
  for (via in setdiff(latents, c(seen, to))) if (!is.null(labels[[paste(via, from)]])) {
    rest <- walks(via, to, c(seen, via)); if (length(rest)) found <- c(found, paste0(labels[[paste(via, from)]], "*", rest))
  }
  found
}
defined <- character()
for (x in latents) for (y in setdiff(latents, x)) { w <- walks(x, y); if (length(w)) defined <- c(defined, paste0("total_", x, "_", y, " := ", paste(w, collapse = " + "))) }
text <- paste(c(setdiff(lines, paths), new, defined), collapse = "\n")
for (e in c("ML", "MLR")) case(paste0("effects_cross_border_", tolower(e)), "sem", text, "cross_border_simulated", list(estimator = e))
# The same study with a chain through the subsystems, so that indirect effects exist.
chain <- paste0(paste(grep("=~", lines, value = TRUE), collapse = "\n"), "\nB2 ~ a*B1\nB3 ~ b*B2 + c*B1\nA1 ~ d*B3 + e*B2 + f*B1\nB1_A1_indirect := a*b*d + a*e + c*d\nB1_A1_total := a*b*d + a*e + c*d + f\nB2_A1_total := b*d + e\nB1_B3_total := a*b + c\nB4 ~~ B5 + B6")
case("effects_cross_border_chain", "sem", chain, "cross_border_simulated")
