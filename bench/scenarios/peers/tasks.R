# Ten thousand empty tasks with future.apply: Rscript tasks.R
suppressMessages(library(future.apply))
plan(multisession, workers = 2)
invisible(future_lapply(1:10, function(i) NULL))
report <- function(name, seconds) cat(sprintf('{"name": "%s", "milliseconds": %g}\n', name, 1000 * seconds))
best <- min(sapply(1:3, function(i) system.time(future_lapply(1:10000, function(i) NULL))[["elapsed"]]))
report("future_lapply", best)
# Each task a future of its own: a hundred of them, times 100.
report("future_lapply, chunk.size 1 (100 tasks x 100)",
       100 * system.time(future_lapply(1:100, function(i) NULL, future.chunk.size = 1))[["elapsed"]])
plan(sequential)
