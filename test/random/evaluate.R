# Draws with R's L'Ecuyer-CMRG, as JSON: lines of expressions on standard input, each with `n` and what the ones before
# it have left.
suppressWarnings(RNGkind("L'Ecuyer-CMRG", "Inversion", "Rejection"))
n <- as.integer(commandArgs(TRUE)[1])
next_stream <- parallel::nextRNGStream
next_substream <- parallel::nextRNGSubStream
state <- function() .Random.seed
go_on_with <- function(seed) assign(".Random.seed", seed, envir = globalenv())
lines <- readLines(file("stdin"))
results <- vapply(lines, function(line) {
  values <- eval(parse(text = line), globalenv())
  paste0("[", paste(formatC(as.numeric(values), digits = 17, format = "g", width = 1), collapse = ","), "]")
}, "")
cat("[", paste(results, collapse = ","), "]\n", sep = "")
