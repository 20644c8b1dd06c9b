"""One task submitted and awaited, again and again, with Python's pools: round-trip.py [--slow]."""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool


def same(x):
    return x


def report(name, call, trips, repeats=5):
    best = min(timed(call, trips) for _ in range(repeats))
    print(json.dumps({"name": name, "milliseconds": 1000 * best / trips}), flush=True)


def timed(call, trips):
    began = time.perf_counter()
    for trip in range(trips):
        call(trip)
    return time.perf_counter() - began


def main():
    with ThreadPool(1) as pool:
        report("multiprocessing ThreadPool.apply", lambda x: pool.apply(same, (x,)), 500)
    with Pool(1) as pool:
        report("multiprocessing Pool.apply", lambda x: pool.apply(same, (x,)), 500)
    with ProcessPoolExecutor(1) as pool:
        report("ProcessPoolExecutor.submit", lambda x: pool.submit(same, x).result(), 300)
    if "--slow" not in sys.argv:
        return
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        report("dask.distributed Client.submit", lambda x: client.submit(same, x, pure=False).result(), 100, 3)


if __name__ == "__main__":
    main()
