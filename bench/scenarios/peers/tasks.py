"""Ten thousand empty tasks with multiprocessing, dask.distributed and dask's processes: tasks.py [--slow]."""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

TASKS = 10_000
WORKERS = 2


def nothing(_):
    return None


def report(name, run, repeats=3):
    best = min(timed(run) for _ in range(repeats))
    print(json.dumps({"name": name, "milliseconds": 1000 * best}), flush=True)


def timed(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main():
    with Pool(WORKERS) as pool:
        pool.map(nothing, range(TASKS))
        report("multiprocessing Pool.map", lambda: pool.map(nothing, range(TASKS)), 15)
        report("multiprocessing Pool.map, chunksize 1", lambda: pool.map(nothing, range(TASKS), 1))
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(nothing, range(100)))
        report("ProcessPoolExecutor.map", lambda: list(pool.map(nothing, range(TASKS))), 1)
    if "--slow" not in sys.argv:
        return
    from dask.distributed import Client, LocalCluster
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(nothing, range(100)))
        report("dask.distributed", lambda: client.gather(client.map(nothing, range(TASKS), pure=False)), 1)


if __name__ == "__main__":
    main()
