"""Empty tasks, round trips and start with ipyparallel, two engines: ipyparallel-tasks.py tasks|round-trip|start."""
import json
import sys
import time


def report(name, milliseconds):
    print(json.dumps({"name": name, "milliseconds": milliseconds}), flush=True)


def same(x):
    return x


def main(scenario):
    import ipyparallel

    began = time.perf_counter()
    with ipyparallel.Cluster(n=2, log_level=40) as client:
        view = client.load_balanced_view()
        view.map_sync(same, range(10))
        if scenario == "start":
            report("ipyparallel Cluster, 2 engines", 1000 * (time.perf_counter() - began))
        if scenario == "round-trip":
            began = time.perf_counter()
            for trip in range(50):
                view.apply_sync(same, trip)
            report("ipyparallel apply_sync", 1000 * (time.perf_counter() - began) / 50)
        if scenario == "tasks":
            began = time.perf_counter()
            view.map_sync(same, range(1000), chunksize=1)
            report("ipyparallel map, chunksize 1 (1000 tasks x 10)", 10_000 * (time.perf_counter() - began))


if __name__ == "__main__":
    main(sys.argv[1])
