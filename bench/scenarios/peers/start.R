# Eight workers that each run a task, from a running R: Rscript start.R
suppressMessages(library(future.apply))
seconds <- system.time({
  plan(multisession, workers = 8)
  invisible(future_lapply(1:8, function(i) i))
})[["elapsed"]]
cat(sprintf('{"name": "plan(multisession, workers = 8)", "milliseconds": %g}\n', 1000 * seconds))
plan(sequential)
