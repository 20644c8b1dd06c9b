"""The other side of run.ts: the same work by NumPy, and LU by SciPy where that is installed."""
import sys
import time

import numpy

work, n, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
distance = numpy.abs(numpy.subtract.outer(numpy.arange(n), numpy.arange(n)))
a = 1 / (1 + distance)
numpy.fill_diagonal(a, n)
del distance


def lu():
    import scipy.linalg

    return scipy.linalg.lu_factor(a)


works = {"matmul": lambda: a @ a, "cholesky": lambda: numpy.linalg.cholesky(a), "lu": lu}
least = float("inf")
for _ in range(rounds):
    start = time.perf_counter()
    works[work]()
    least = min(least, time.perf_counter() - start)
print(least)
