"""Scenario 4: four slow and twelve fast gammaln tasks on two workers."""
import json
import sys
import time
from multiprocessing import Pool

import numpy as np
from scipy.special import gammaln

SIZES = [10_000_000] * 4 + [100_000] * 12


def task(index):
    random = np.random.default_rng(index)
    return np.mean(gammaln(np.exp(random.normal(size=SIZES[index]))))


def report(name, run):
    began = time.perf_counter()
    run()
    print(json.dumps({"name": name, "milliseconds": 1000 * (time.perf_counter() - began)}), flush=True)


if __name__ == "__main__":
    report("NumPy in a row", lambda: [task(i) for i in range(16)])
    with Pool(2) as pool:
        pool.map(task, range(15, 13, -1), 1)
        report("multiprocessing Pool.map, chunksize 1", lambda: pool.map(task, range(16), 1))
        report("multiprocessing Pool.map", lambda: pool.map(task, range(16)))
    if "--slow" in sys.argv:
        from dask.distributed import Client, LocalCluster
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            client.gather(client.map(task, [14, 15], pure=False))
            report("dask.distributed", lambda: client.gather(client.map(task, range(16), pure=False)))
