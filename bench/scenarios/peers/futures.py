"""Ten thousand empty tasks with mpi4py.futures: mpirun -n 3 python3 -m mpi4py.futures futures.py (a master, two workers)."""
import json
import time

from mpi4py.futures import MPICommExecutor
from mpi4py import MPI

TASKS = 10_000


def nothing(_):
    return None


if __name__ == "__main__":
    with MPICommExecutor(MPI.COMM_WORLD, root=0) as executor:
        if executor is not None:
            for name, chunk in (("mpi4py.futures", 1), ("mpi4py.futures, chunksize 1000", 1000)):
                list(executor.map(nothing, range(100)))
                began = time.perf_counter()
                list(executor.map(nothing, range(TASKS), chunksize=chunk))
                milliseconds = 1000 * (time.perf_counter() - began)
                print(json.dumps({"name": name, "milliseconds": milliseconds}), flush=True)
