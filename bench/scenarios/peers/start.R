# Eight workers that each run a task, from the command to the results: Rscript start.R
suppressMessages(library(future.apply))
plan(multisession, workers = 8)
invisible(future_lapply(1:8, function(i) i))
# Seconds since this process began.
cat(sprintf('{"name": "plan(multisession, workers = 8)", "milliseconds": %g}\n', 1000 * proc.time()[["elapsed"]]))
plan(sequential)
