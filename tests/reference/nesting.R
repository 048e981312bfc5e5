# Nesting and equivalence of models as semTools::net tests them (Bentler & Satorra, 2010).
# Run in this folder: Rscript nesting.R. Writes nesting.json.
suppressMessages({library(lavaan); library(semTools)})
library(jsonlite)

hs <- read.csv("data/holzinger1939.csv")
three <- "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
# net() evaluates the calls anew, so they have to hold the models themselves.
fitted <- function(text) eval(bquote(sem(.(text), data = hs, fixed.x = FALSE)))
measurement <- list(
  three = fitted(three),
  orthogonal = fitted(paste(three, "; visual ~~ 0*textual + 0*speed; textual ~~ 0*speed")),
  one = fitted(paste("g =~", paste0("x", 1:9, collapse = " + "))),
  crossed = fitted(sub("x3;", "x3 + x9;", three)),
  residual = fitted(paste(three, "; x7 ~~ x8")),
  # Three correlated factors are a second-order one.
  second = fitted(paste(three, "; g =~ visual + textual + speed"))
)
paths <- lapply(list(
  chain = "x2 ~ x1; x3 ~ x2; x4 ~ x3",
  backward = "x3 ~ x4; x2 ~ x3; x1 ~ x2",
  fork = "x1 ~ x2; x3 ~ x2; x4 ~ x3",
  collider = "x2 ~ x1 + x3; x4 ~ x3; x1 ~~ 0*x3",
  extra = "x2 ~ x1; x3 ~ x2; x4 ~ x3 + x1"
), fitted)

relations <- function(fits) {
  list2env(fits, globalenv())
  told <- eval(as.call(c(quote(net), sapply(names(fits), as.name))), globalenv())
  list(models = names(fits), df = unname(sapply(fits, fitMeasures, "df")),
       names = rownames(told@test), test = unname(told@test))
}
write_json(list(
  software = list(lavaan = as.character(packageVersion("lavaan")),
                  semTools = as.character(packageVersion("semTools"))),
  measurement = relations(measurement),
  paths = relations(paths)
), "nesting.json", auto_unbox = TRUE, digits = NA, null = "null", na = "null")
