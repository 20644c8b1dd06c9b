"""Eight workers that each run a task, from a running Python to the results: start.py [--slow]."""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

WORKERS = 8


def same(x):
    return x


def report(name, began):
    print(json.dumps({"name": name, "milliseconds": 1000 * (time.perf_counter() - began)}), flush=True)


def pool(method):
    began = time.perf_counter()
    with get_context(method).Pool(WORKERS) as workers:
        workers.map(same, range(WORKERS), 1)
        report(f"multiprocessing Pool, {method}", began)


def executor():
    began = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as workers:
        list(workers.map(same, range(WORKERS)))
        report("ProcessPoolExecutor, fork", began)


def dask():
    from dask.distributed import Client, LocalCluster

    began = time.perf_counter()
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            client.gather(client.map(same, range(WORKERS), pure=False))
            report("dask.distributed LocalCluster(8)", began)


if __name__ == "__main__":
    pool("fork")
    pool("spawn")
    executor()
    if "--slow" in sys.argv:
        dask()
