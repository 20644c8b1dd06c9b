# Scenario 4 with future.apply: Rscript uneven.R
suppressMessages(library(future.apply))
plan(multisession, workers = 2)
invisible(future_lapply(1:4, function(i) lgamma(exp(rnorm(10))), future.seed = TRUE))
sizes <- c(rep(1e7, 4), rep(1e5, 12))
task <- function(n) mean(lgamma(exp(rnorm(n))))
report <- function(name, seconds) cat(sprintf('{"name": "%s", "milliseconds": %g}\n', name, 1000 * seconds))
report("future_sapply", system.time(future_sapply(sizes, task, future.seed = TRUE))[["elapsed"]])
report("future_sapply, chunk.size 1",
       system.time(future_sapply(sizes, task, future.seed = TRUE, future.chunk.size = 1))[["elapsed"]])
plan(sequential)
