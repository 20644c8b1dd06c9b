"""NumPy and its like on exp(x) + 3 sin(x), for bench/expressions/speed.ts: reads "peer threads" lines, answers seconds."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

n = int(sys.argv[1])
x = (np.arange(n) % 1000 * np.float32(0.01) - np.float32(5)).astype(np.float32)
y = np.ones(n, np.float32)
t = np.ones(n, np.float32)
three = np.float32(3)


def passes(threads):
    np.exp(x, out=y)
    np.sin(x, out=t)
    np.multiply(t, three, out=t)
    np.add(y, t, out=y)


def blocks(start, end, size=16384):
    scratch = np.empty(size, np.float32)
    for at in range(start, end, size):
        source, target = x[at : min(at + size, end)], y[at : min(at + size, end)]
        u = scratch[: len(source)]
        np.exp(source, out=target)
        np.sin(source, out=u)
        np.multiply(u, three, out=u)
        np.add(target, u, out=target)


pool = ThreadPoolExecutor(8)


def blocked(threads):
    cuts = [n * part // threads for part in range(threads + 1)]
    list(pool.map(blocks, cuts[:-1], cuts[1:]))


peers = {"three passes": passes, "blocked": blocked}
versions = {"numpy": np.__version__}
try:
    import numexpr

    def by_numexpr(threads):
        numexpr.set_num_threads(threads)
        numexpr.evaluate("exp(x) + 3 * sin(x)", out=y, casting="same_kind")

    peers["numexpr"] = by_numexpr
    versions["numexpr"] = numexpr.__version__
except ImportError:
    pass
try:
    import torch

    tx, ty = torch.from_numpy(x), torch.from_numpy(y)

    def by_torch(threads):
        torch.set_num_threads(threads)
        torch.add(torch.exp(tx), torch.sin(tx), alpha=3, out=ty)

    peers["torch"] = by_torch
    versions["torch"] = torch.__version__
except ImportError:
    pass

print(";".join(peers), ", ".join(f"{name} {version}" for name, version in versions.items()), sep="|", flush=True)
for line in sys.stdin:
    name, threads = line.rsplit(" ", 1)
    start = time.perf_counter()
    peers[name](int(threads))
    print(time.perf_counter() - start, flush=True)
