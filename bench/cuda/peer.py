"""The same figures of PyTorch, in the same form: lines of "name milliseconds"."""

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


for name, dtype, tf32 in [
    ("matmul-float32", torch.float32, False),
    ("matmul-tf32", torch.float32, True),
    ("matmul-bfloat16", torch.bfloat16, False),
    ("matmul-float64", torch.float64, False),
]:
    torch.backends.cuda.matmul.allow_tf32 = tf32
    a, b = (torch.rand(n, n, device=gpu, dtype=dtype) for _ in range(2))
    c = torch.empty(n, n, device=gpu, dtype=dtype)
    on_device(name, lambda: torch.matmul(a, b, out=c))
torch.backends.cuda.matmul.allow_tf32 = False
a, b = (torch.rand(64, 256, 256, device=gpu) for _ in range(2))
c = torch.empty(64, 256, 256, device=gpu)
on_device("batched-64x256", lambda: torch.bmm(a, b, out=c), 20)
del a, b, c
torch.cuda.empty_cache()

x, y = (torch.rand(elements, device=gpu) for _ in range(2))
on_device("copy", lambda: y.copy_(x))
on_device("exp+3sin", lambda: torch.exp(x) + 3 * torch.sin(x))
on_device("random", lambda: y.uniform_())
awaited("sum", lambda: x.sum(dtype=torch.float64).item())
del x, y
torch.cuda.empty_cache()

length = min(elements, 2**28)
x = torch.zeros(length, device=gpu)
pinned = torch.zeros(length).pin_memory()
plain = torch.ones(length)
awaited("upload-pinned", lambda: x.copy_(pinned, non_blocking=True))
awaited("download-pinned", lambda: pinned.copy_(x, non_blocking=True))
awaited("upload", lambda: x.copy_(plain))
awaited("download", lambda: plain.copy_(x))
print(f"# PyTorch {torch.__version__}", flush=True)
