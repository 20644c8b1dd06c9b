"""The mpi4py peer of `tsmpi bench`: the operations of peer.c with NumPy arrays, and pickled objects.

The commands, the answers and the fifos are those of peer.c, which describes them.
"""

import os
import sys

from mpi4py import MPI

comm = MPI.COMM_WORLD
if sys.argv[1:] == ["--start"]:
    sys.exit()

import numpy as np  # noqa: E402  (not for --start, which is timed)

rank, size = comm.rank, comm.size
WINDOW = 64
BURST = 1024
TAG = 1


def element(of, i):
    return (of + 1) * 1000.0 + i % 997


def summed(last, i):
    ranks = last + 1
    return 1000.0 * ranks * (ranks + 1) / 2 + ranks * (i % 997.0)


def record(i):
    return {"id": i, "name": f"alpha{i}", "value": i + 0.25, "ok": True, "tags": ["a", "b"]}


OBJECTS = {
    "record": lambda: record(17),
    "list": lambda: [i + 0.5 for i in range(1000)],
    "table": lambda: [record(i) for i in range(10_000)],
}


class State:
    """What `prepare` makes for the loops."""

    def prepare(self, name, what):
        self.name = name
        self.wrong_object = False
        if name == "objects":
            self.value = OBJECTS[what]()
            return
        self.source = self.target = None
        count = int(what) // 8
        _, _, self.receivers, gives, gets = OPERATIONS[name]
        self.count = count
        self.source = element(rank, np.arange(count * (gives or size)))
        self.target = np.empty(count * (gets or size))
        self.reply = np.zeros(1)

    def clear(self):
        if self.name == "objects":
            return
        self.target.fill(-1)
        if self.name == "broadcast" and rank == 0:
            self.target[:] = element(0, np.arange(self.count))

    def is_wrong(self):
        if self.name == "objects":
            return self.wrong_object
        receives = {
            "nobody": False,
            "all": True,
            "root": rank == 0,
            "pair": rank < 2,
            "second": rank == 1,
        }[self.receivers]
        if not receives:
            return False
        expected = OPERATIONS[self.name][1](np.arange(len(self.target)), self.count)
        return not np.array_equal(self.target, expected)


s = State()


def latency(calls):
    for _ in range(calls):
        if rank == 0:
            comm.Send(s.source, 1, TAG)
            comm.Recv(s.target, 1, TAG)
        elif rank == 1:
            comm.Recv(s.target, 0, TAG)
            comm.Send(s.source, 0, TAG)


def one_way(calls, window):
    for _ in range(calls):
        if rank == 0:
            MPI.Request.Waitall([comm.Isend(s.source, 1, TAG) for _ in range(window)])
            comm.Recv(s.reply, 1, TAG)
        elif rank == 1:
            MPI.Request.Waitall([comm.Irecv(s.target, 0, TAG) for _ in range(window)])
            comm.Send(s.reply, 0, TAG)


def bibandwidth(calls):
    if rank > 1:
        return
    for _ in range(calls):
        requests = [comm.Irecv(s.target, 1 - rank, TAG) for _ in range(WINDOW)]
        requests += [comm.Isend(s.source, 1 - rank, TAG) for _ in range(WINDOW)]
        MPI.Request.Waitall(requests)


def objects(calls):
    received = s.value
    for _ in range(calls):
        if rank == 0:
            comm.send(s.value, 1, TAG)
            received = comm.recv(source=1, tag=TAG)
        elif rank == 1:
            received = comm.recv(source=0, tag=TAG)
            comm.send(s.value, 0, TAG)
    s.wrong_object = received != s.value


def repeat(call):
    def loop(calls):
        for _ in range(calls):
            call()

    return loop


# Name: loop, what the target holds afterwards, who receives, blocks given and got (None: one for each rank).
OPERATIONS = {
    "latency": (latency, lambda i, n: element(1 - rank, i), "pair", 1, 1),
    "bandwidth": (lambda calls: one_way(calls, WINDOW), lambda i, n: element(0, i), "second", 1, 1),
    "bibandwidth": (bibandwidth, lambda i, n: element(1 - rank, i), "pair", 1, 1),
    "rate": (lambda calls: one_way(calls, BURST), lambda i, n: element(0, i), "second", 1, 1),
    "objects": (objects, None, "pair", 1, 1),
    "barrier": (repeat(comm.Barrier), None, "nobody", 1, 1),
    "broadcast": (repeat(lambda: comm.Bcast(s.target)), lambda i, n: element(0, i), "all", 1, 1),
    "scatter": (
        repeat(lambda: comm.Scatter(s.source if rank == 0 else None, s.target)),
        lambda i, n: element(0, rank * n + i),
        "all",
        None,
        1,
    ),
    "gather": (
        repeat(lambda: comm.Gather(s.source, s.target if rank == 0 else None)),
        lambda i, n: element(i // n, i % n),
        "root",
        1,
        None,
    ),
    "allgather": (
        repeat(lambda: comm.Allgather(s.source, s.target)),
        lambda i, n: element(i // n, i % n),
        "all",
        1,
        None,
    ),
    "alltoall": (
        repeat(lambda: comm.Alltoall(s.source, s.target)),
        lambda i, n: element(i // n, rank * n + i % n),
        "all",
        None,
        None,
    ),
    "reduce": (
        repeat(lambda: comm.Reduce(s.source, s.target)),
        lambda i, n: summed(size - 1, i),
        "root",
        1,
        1,
    ),
    "allreduce": (
        repeat(lambda: comm.Allreduce(s.source, s.target)),
        lambda i, n: summed(size - 1, i),
        "all",
        1,
        1,
    ),
    "reduce-scatter": (
        repeat(lambda: comm.Reduce_scatter_block(s.source, s.target)),
        lambda i, n: summed(size - 1, rank * n + i),
        "all",
        None,
        1,
    ),
    "scan": (repeat(lambda: comm.Scan(s.source, s.target)), lambda i, n: summed(rank, i), "all", 1, 1),
}


def run(calls):
    loop = OPERATIONS[s.name][0]
    s.clear()
    comm.Barrier()
    loop(max(1, calls // 10))
    comm.Barrier()
    start = MPI.Wtime()
    loop(calls)
    mine = (MPI.Wtime() - start) * 1e6
    comm.Barrier()
    slowest = comm.reduce(mine, MPI.MAX)
    wrongs = comm.reduce(int(s.is_wrong()))
    if rank > 0:
        return None
    if wrongs > 0:
        return f"wrong: the result on {wrongs} of {size} ranks"
    return f"ok {mine:.3f} {slowest:.3f}"


def answer(line):
    match line.split():
        case ["prepare", name, what]:
            if name not in OPERATIONS:
                return "wrong: peer.py does not know this operation"
            s.prepare(name, what)
            return "ok"
        case ["run", calls]:
            return run(int(calls))
        case _:
            return f"wrong: the command {line.strip()}"


def main():
    with open(os.path.join(sys.argv[1], f"rank-{rank}"), encoding="ascii") as commands:
        if rank == 0:
            print("ready", flush=True)
        # Not `for line in commands`, which would wait until a whole block has come.
        while (line := commands.readline()) not in ("", "quit\n"):
            text = answer(line)
            if rank == 0:
                print(text, flush=True)


main()
