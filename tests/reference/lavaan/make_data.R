# Data sets with a third group, weights, clusters, ordered versions of the nine tests, and gaps. Seeded.
file <- sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))
folder <- file.path(dirname(file), "..", "data")
get <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
put <- function(frame, name) write.csv(frame, file.path(folder, paste0(name, ".csv")), row.names = FALSE)
tests <- paste0("x", 1:9)

set.seed(1939)
hs <- get("holzinger1939")
gaps <- get("holzinger1939_missing")
stopifnot(all(hs$id == gaps$id))
site <- sample(c("north", "south", "west"), nrow(hs), replace = TRUE, prob = c(.4, .33, .27))
weight <- round(exp(rnorm(nrow(hs), 0, .5)) * ifelse(hs$sex == 1, 1.2, .9), 4)
# Pupils of one cluster resemble each other: 43 clusters of seven, cut from a noisy order of ability.
cluster <- integer(nrow(hs))
cluster[order(rowMeans(scale(hs[tests])) + rnorm(nrow(hs), 0, 1))] <- rep(seq_len(43), each = 7)
put(cbind(hs, site, weight, cluster), "hs_design")
late <- gaps
late$ageyr[sample(nrow(gaps), 18)] <- NA
late$grade[sample(nrow(gaps), 9)] <- NA
put(cbind(late, site, weight, cluster), "hs_design_missing")

# o1-o3 five, o4-o6 four (skewed), o7-o9 three ordered categories; b1-b9 two.
cut_at <- function(x, shares) as.integer(cut(x, c(-Inf, quantile(x, cumsum(shares)), Inf)))
shares <- list(c(.1, .2, .4, .2), c(.45, .3, .15), c(.3, .5))
ordered <- as.data.frame(sapply(1:9, function(i) cut_at(hs[[tests[i]]], shares[[(i + 2) %/% 3]])))
names(ordered) <- paste0("o", 1:9)
binary <- as.data.frame(sapply(1:9, function(i) as.integer(hs[[tests[i]]] > quantile(hs[[tests[i]]], c(.35, .5, .6)[(i - 1) %% 3 + 1]))))
names(binary) <- paste0("b", 1:9)
put(cbind(hs[c("id", "sex", "ageyr", "grade", "school", tests)], site, weight, ordered, binary), "hs_ordinal")
holes <- ordered
for (name in names(holes)) holes[[name]][sample(nrow(hs), 24)] <- NA
put(cbind(hs[c("id", "sex", "ageyr", "grade", "school")], gaps[tests], site, holes), "hs_ordinal_missing")

growth <- get("demo_growth")
for (name in c("t2", "t3", "t4")) growth[[name]][sample(400, c(t2 = 30, t3 = 60, t4 = 90)[name])] <- NA
growth$c3[sample(400, 20)] <- NA
put(round(growth, 8), "demo_growth_missing")
