"""The same figures of PyTorch, in the same form: lines of "name milliseconds", or of "! name what went wrong"."""

import contextlib
import os
import time

import torch

n = int(os.environ.get("CUDA_BENCH_N", 10_000))
elements = int(os.environ.get("CUDA_BENCH_ELEMENTS", 500_000_000))
gpu = torch.device("cuda")


def on_device(name, call, calls=1):
    least = float("inf")
    for round in range(-2, 10):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        if round >= 0:
            least = min(least, start.elapsed_time(end) / calls)
    print(name, least, flush=True)


def awaited(name, call):
    least = float("inf")
    for round in range(-2, 10):
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        if round >= 0:
            least = min(least, (time.perf_counter() - start) * 1000)
    print(name, least, flush=True)


@contextlib.contextmanager
def rows(names):
    """A row that fails is no reason to lose the others."""
    try:
        yield
    except Exception as error:
        print("!", names, str(error).replace("\n", "; "), flush=True)
    torch.cuda.empty_cache()


for name, dtype, tf32 in [
    ("matmul-float32", torch.float32, False),
    ("matmul-tf32", torch.float32, True),
    ("matmul-bfloat16", torch.bfloat16, False),
    ("matmul-float16", torch.float16, False),
    ("matmul-float64", torch.float64, False),
]:
    with rows(name):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        a, b = (torch.rand(n, n, device=gpu, dtype=dtype) for _ in range(2))
        c = torch.empty(n, n, device=gpu, dtype=dtype)
        on_device(name, lambda: torch.matmul(a, b, out=c))
    a = b = c = None
torch.backends.cuda.matmul.allow_tf32 = False
with rows("batched-64"):
    small = min(n, 256)
    a, b = (torch.rand(64, small, small, device=gpu) for _ in range(2))
    c = torch.empty(64, small, small, device=gpu)
    on_device("batched-64", lambda: torch.bmm(a, b, out=c), 20)
a = b = c = None

with rows("copy"):
    x, y = (torch.rand(elements, device=gpu) for _ in range(2))
    on_device("copy", lambda: y.copy_(x), 10)
    on_device("exp+3sin", lambda: torch.exp(x) + 3 * torch.sin(x), 10)
    on_device("random", lambda: y.uniform_(), 10)
    awaited("sum", lambda: x.sum(dtype=torch.float64).item())
x = y = None

with rows("transfers"):
    length = min(elements, 2**28)
    x = torch.zeros(length, device=gpu)
    pinned = torch.zeros(length).pin_memory()
    awaited("upload-pinned", lambda: x.copy_(pinned, non_blocking=True))
    awaited("download-pinned", lambda: pinned.copy_(x, non_blocking=True))
    plain = torch.ones(length)
    awaited("upload", lambda: x.copy_(plain))
    awaited("download", lambda: plain.copy_(x))
print(f"# PyTorch {torch.__version__}", flush=True)
