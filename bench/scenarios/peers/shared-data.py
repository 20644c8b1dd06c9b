"""Scenario 6: eight means of 50,000,000 doubles with dask, threads and processes."""
import json
import sys
import time

import dask
import numpy as np

LENGTH = 50_000_000
TASKS = 8


def report(name, scheduler):
    tasks = [dask.delayed(np.mean)(x) for _ in range(TASKS)]
    began = time.perf_counter()
    dask.compute(tasks, scheduler=scheduler, num_workers=2)
    print(json.dumps({"name": name, "milliseconds": 1000 * (time.perf_counter() - began)}), flush=True)


if __name__ == "__main__":
    x = np.random.default_rng(1).random(LENGTH)
    report("dask threads, first call", "threads")
    for _ in range(3):
        report("dask threads", "threads")
    if "--slow" in sys.argv:
        report("dask processes", "processes")
