# boot's intervals and influence values of numbers that any language computes: u <- 16807 u mod 2^31 - 1, over 2^31 - 1.
suppressMessages({library(boot); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
x <- 20221130
uniform <- function(n) { out <- numeric(n); for (i in seq_len(n)) { x <<- (16807 * x) %% 2147483647; out[i] <- x / 2147483647 }; out }
interval <- function(B, t0, gaps, conf) {
  t <- -log(uniform(B)); se <- 0.5 + uniform(B); L <- -log(uniform(30)); L <- L - mean(L)
  t[gaps] <- NA
  as_boot <- structure(list(R = B, sim = "ordinary"), class = "boot", boot_type = "boot")
  heard <- FALSE
  ends <- function(one) as.numeric(tail(as.numeric(one), 2))
  got <- withCallingHandlers({
    one <- boot.ci(as_boot, conf = conf, type = c("norm", "basic", "perc", "bca"), t0 = t0, t = t, L = L)
    # No influence values: no acceleration.
    simple <- boot.ci(as_boot, conf = conf, type = "bca", t0 = t0, t = t, L = c(-1, 0, 1))
    stud <- boot.ci(as_boot, conf = conf, type = "stud", index = c(1, 2), t0 = t0, t = t, var.t0 = 0.8^2, var.t = se^2)
    c(one, list(simple = simple$bca, student = stud$student))
  }, warning = function(w) { heard <<- heard || grepl("extreme", conditionMessage(w)); invokeRestart("muffleWarning") })
  list(B = B, t0 = t0, gaps = gaps, conf = conf, extreme = heard, normal = ends(got$normal), basic = ends(got$basic), percentile = ends(got$percent),
       bca = ends(got$bca), bc = ends(got$simple), studentized = ends(got$student))
}
intervals <- list(interval(99, 0.7, integer(0), 0.95), interval(200, 1, c(3, 50, 51), 0.9), interval(199, 0.5, integer(0), 0.95), interval(60, 0.9, c(1, 2), 0.99), interval(39, 0.7, integer(0), 0.5))
# Jackknife influence values of a ratio of means.
one <- data.frame(a = uniform(12), b = 1 + uniform(12))
ratio <- function(d, w) sum(d$a * w) / sum(d$b * w)
jack <- empinf(data = one, statistic = ratio, stype = "w", type = "jack", index = 1)
write(toJSON(list(software = paste("boot", packageVersion("boot")), seed = 20221130, intervals = intervals, jackknife = jack), digits = I(14), auto_unbox = TRUE, na = "null"),
      file.path(here, "boot_ci.json"))
