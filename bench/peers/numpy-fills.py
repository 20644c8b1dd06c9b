"""NumPy's side of bench/random.ts: times what it reads, a line "calls expression" each, and prints nanoseconds a call."""

import sys
import time

import numpy as np

n = int(sys.argv[1])
g = np.random.Generator(np.random.PCG64(1))
bits = {name: np.random.Generator(getattr(np.random, name)(1)) for name in ["MT19937", "Philox", "SFC64", "PCG64DXSM"]}
legacy = np.random.RandomState(1)
x = np.empty(n)
p = np.full(1000, 1 / 1000)
x32 = np.empty(n, np.float32)
print(np.__version__, flush=True)
for line in sys.stdin:
    calls, expression = line.split(" ", 1)
    loop = compile(f"for _ in range({calls}): {expression.strip()}", "loop", "exec")
    start = time.perf_counter_ns()
    exec(loop)
    print((time.perf_counter_ns() - start) / int(calls), flush=True)
