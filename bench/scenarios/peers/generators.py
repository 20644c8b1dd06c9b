"""Scenario 2: the means of 100,000,000 normals, gammas and uniforms, or as many of each as the variable DRAWS says."""
import json
import os
import sys
import time
from multiprocessing import Pool

import numpy as np

DRAWS = int(os.environ.get("DRAWS", 100_000_000))
EXPECTED = [(0, 1), (1, 1), (0.5, 1 / 12)]


def mean(kind, draws=DRAWS):
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(1).spawn(3)[kind]))
    if kind == 0:
        return np.mean(random.standard_normal(draws))
    if kind == 1:
        return np.mean(random.gamma(1, 1, draws))
    return np.mean(random.random(draws))


def report(name, run):
    began = time.perf_counter()
    means = run()
    took = time.perf_counter() - began
    for found, (expected, variance) in zip(means, EXPECTED, strict=True):
        if not abs(found - expected) <= 6 * (variance / DRAWS) ** 0.5:
            sys.exit(f"{name}: the mean should be about {expected}; it is {found}")
    print(json.dumps({"name": name, "milliseconds": 1000 * took}), flush=True)
    print(f"means, {name}:", *means, file=sys.stderr)


if __name__ == "__main__":
    report("NumPy Generator in a row", lambda: [mean(kind) for kind in range(3)])
    with Pool(2) as pool:
        pool.starmap(mean, [(kind, 1000) for kind in range(2)], 1)
        report("multiprocessing Pool.map, chunksize 1", lambda: pool.map(mean, range(3), 1))
    if "--slow" in sys.argv:
        import dask
        tasks = [dask.delayed(mean)(kind) for kind in range(3)]
        report("dask processes", lambda: dask.compute(tasks, scheduler="processes", num_workers=2, chunksize=1)[0])
