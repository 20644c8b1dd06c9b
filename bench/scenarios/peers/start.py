"""Eight workers that each run a task, from the command to the results: start.py fork|spawn|executor|dask."""
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

WORKERS = 8


def same(x):
    return x


def report(name):
    with open("/proc/self/stat") as file:
        began = int(file.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - began
    print(json.dumps({"name": name, "milliseconds": 1000 * seconds}), flush=True)


def pool(method):
    with get_context(method).Pool(WORKERS) as workers:
        workers.map(same, range(WORKERS), 1)
        report(f"multiprocessing Pool, {method}")


def executor():
    with ProcessPoolExecutor(WORKERS) as workers:
        list(workers.map(same, range(WORKERS)))
        report("ProcessPoolExecutor, fork")


def dask():
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            client.gather(client.map(same, range(WORKERS), pure=False))
            report("dask.distributed LocalCluster(8)")


if __name__ == "__main__":
    {"fork": lambda: pool("fork"), "spawn": lambda: pool("spawn"), "executor": executor, "dask": dask}[sys.argv[1]]()
