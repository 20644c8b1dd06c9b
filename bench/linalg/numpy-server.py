"""
The peer of server.ts: the same works by NumPy, or with the argument "torch" products by PyTorch. Reads "name size calls" from
standard input, writes seconds a call.
"""
import os
import sys
import time

import numpy as np

rng = np.random.default_rng(1)
held = {}


def arrays(name, n):
    """What a work needs, made once."""
    if (name, n) in held:
        return held[name, n]
    held.clear()
    kind = np.float32 if name.startswith("s") and name.endswith("gemm") else np.float64
    if name == "ddot":
        made = rng.random(n), rng.random(n)
    elif name == "dcholesky":
        made = (rng.random((n, n)),)
    else:
        made = tuple((rng.random((n, n)) - 0.5).astype(kind) for _ in range(2)) + (np.empty((n, n), kind),)
    held[name, n] = made
    return made



works = {
    "dgemm": lambda a, b, c: np.matmul(a, b, out=c),
    "sgemm": lambda a, b, c: np.matmul(a, b, out=c),
    "ddot": lambda x, y: np.dot(x, y),
    "dcholesky": lambda a: np.linalg.cholesky(a.T @ a),
    "dsolve": lambda a, b, c: np.linalg.solve(a, b),
    "dqr": lambda a, b, c: np.linalg.qr(a),
    "dsvd": lambda a, b, c: np.linalg.svd(a, full_matrices=False),
    "deigh": lambda a, b, c: np.linalg.eigh(a),
}

version = np.__version__
if sys.argv[1:] == ["torch"]:
    try:
        import torch
    except ImportError:
        print("missing", flush=True)
        sys.exit()
    version = torch.__version__
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    for product in "dgemm", "sgemm":
        works[product] = lambda *matrices: torch.mm(*matrices[:2], out=matrices[2])

print("ready", version, flush=True)
for line in sys.stdin:
    name, n, calls = line.split()
    made = arrays(name, int(n))
    if "torch" in sys.modules:
        made = tuple(torch.from_numpy(array) for array in made)
    work = works[name]
    start = time.perf_counter()
    for _ in range(int(calls)):
        work(*made)
    print((time.perf_counter() - start) / int(calls), flush=True)
