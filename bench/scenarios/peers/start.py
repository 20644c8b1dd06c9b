"""Eight workers that each run a task, from a running Python: start.py [--slow]."""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

WORKERS = 8


def same(x):
    return x


def report(name, run):
    began = time.perf_counter()
    run()
    print(json.dumps({"name": name, "milliseconds": 1000 * (time.perf_counter() - began)}), flush=True)


def pool(method):
    with get_context(method).Pool(WORKERS) as workers:
        workers.map(same, range(WORKERS), 1)


def executor():
    with ProcessPoolExecutor(WORKERS) as workers:
        list(workers.map(same, range(WORKERS)))


def dask():
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            client.gather(client.map(same, range(WORKERS), pure=False))


if __name__ == "__main__":
    report("multiprocessing Pool, forked", lambda: pool("fork"))
    report("multiprocessing Pool, spawned", lambda: pool("spawn"))
    report("ProcessPoolExecutor, forked", executor)
    if "--slow" in sys.argv:
        report("dask.distributed LocalCluster", dask)
