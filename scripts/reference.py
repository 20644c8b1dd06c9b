"""Mathematical functions at high precision, to judge those of tsmpi/linalg by. Needs mpmath (Debian: python3-mpmath).

    python3 scripts/reference.py vectors > test/linalg/expressions/vectors.txt
    python3 scripts/reference.py errors     reads one JSON request per line: {"function", "type", "x": [[...], ...], "y"}
                                            and prints {"worst": ulps, "at": [...]} for each; with "least" besides, the
                                            unit of smaller results is that of this number
"""

import json
import math
import random
import struct
import sys

import mpmath
from mpmath import mpf

mpmath.mp.prec = 240


def real_lgamma(x):
    return mpmath.re(mpmath.loggamma(x))


FUNCTIONS = {
    "sqrt": mpmath.sqrt, "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "exp": mpmath.exp, "exp2": lambda x: mpf(2) ** x, "expm1": mpmath.expm1,
    "log": mpmath.log, "log2": lambda x: mpmath.log(x) / mpmath.log(2),
    "log10": lambda x: mpmath.log(x) / mpmath.log(10), "log1p": mpmath.log1p,
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan,
    "asin": mpmath.asin, "acos": mpmath.acos, "atan": mpmath.atan,
    "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh,
    "erf": mpmath.erf, "erfc": mpmath.erfc, "lgamma": real_lgamma,
    "pow": mpmath.power, "atan2": mpmath.atan2, "hypot": mpmath.hypot,
}  # fmt: skip

# Digits before the point and bits of the fraction: double, float.
FORMATS = {"float64": (53, -1022), "float32": (24, -126)}


def ulp(value, form):
    bits, least = FORMATS[form]
    exponent = least if value == 0 else max(int(mpmath.floor(mpmath.log(abs(value), 2))), least)
    return mpf(2) ** (exponent - bits + 1)


def error(function, arguments, result, form, least):
    # JSON has whole numbers without a point, which would become exact integers of their decimal digits.
    exact = FUNCTIONS[function](*[mpf(float(argument)) for argument in arguments])
    return float(abs(mpf(float(result)) - exact) / ulp(max(abs(exact), least), form))


def errors():
    for line in sys.stdin:
        request = json.loads(line)
        worst, at = 0.0, None
        for arguments, result in zip(request["x"], request["y"]):
            found = error(request["function"], arguments, result, request["type"], request.get("least", 0))
            if found > worst:
                worst, at = found, arguments
        print(json.dumps({"worst": worst, "at": at}), flush=True)


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def spread(generator, low, high, count, signs=(1,)):
    """Numbers between powers of two, every other one a float."""
    found = []
    for index in range(count):
        value = generator.choice(signs) * 2 ** generator.uniform(low, high)
        found.append(single(value) if index % 2 == 0 else value)
    return found


def arguments(name, generator):
    """Where a function is easy, where it is hard, and between."""
    both = (1, -1)
    if name in ("sin", "cos", "tan"):
        # Closest to a multiple of pi / 2 among doubles, and among floats.
        hard = [6381956970095103.0 * 2.0**797, 16367173.0 * 2.0**72, math.pi, math.pi / 2, 3 * math.pi, 22.0, 355.0]
        return hard + spread(generator, -20, 12, 14, both) + spread(generator, 12, 30, 6, both) + spread(
            generator, 30, 126, 6, both)
    if name in ("asin", "acos"):
        return [0.5, -0.5, 1.0, -1.0, 1 - 2.0**-24, 1 - 2.0**-53] + spread(generator, -20, 0, 24, both)
    if name in ("log", "log2", "log10", "sqrt"):
        near = [1 + sign * 2.0**-power for power in (3, 10, 22) for sign in both]
        return near + [5e-324, 2.0**-149, 2.0**-1040] + spread(generator, -120, 120, 12) + spread(generator, -1, 1, 8)
    if name == "log1p":
        return [-0.5, -0.9990234375, 2.0**-60] + spread(generator, -40, -0.01, 16, both) + spread(generator, 0, 100, 12)
    if name in ("exp", "exp2", "expm1", "sinh", "cosh"):
        limits = {"exp2": [127.5, -140.5, 1023.5, -1070.5]}.get(name, [88.5, -100.0, 709.5, -740.0])
        if name in ("sinh", "cosh"):
            limits = [89.25, -89.25, 710.25, -710.25]
        return limits + spread(generator, -40, 0, 10, both) + spread(generator, 0, 6.4, 16, both)
    if name == "lgamma":
        return [0.5, 2.5, 7.75, 8.0, 171.5, 1e6, 1e-20, -0.5, -1.5] + spread(generator, -20, 60, 16) + spread(
            generator, 0, 1.3, 8)
    if name in ("erf", "erfc"):
        return [0.5, 1.0, -1.0, 26.0, 9.0] + spread(generator, -30, 0, 10, both) + spread(generator, 0, 3, 12, both)
    return spread(generator, -30, 0, 12, both) + spread(generator, 0, 30, 12, both) + spread(generator, -140, 126, 8, both)


def pairs(name, generator):
    if name != "pow":
        return list(zip(spread(generator, -20, 20, 24, (1, -1)), spread(generator, -20, 20, 24, (1, -1))))
    found = []
    for index in range(32):
        base = spread(generator, -10, 10, 1)[0] if index % 2 else 1 + generator.uniform(-1, 1) * 2.0 ** -generator.randint(1, 20)
        base = single(base)
        found.append((base, single(generator.uniform(-80, 80) / abs(math.log(base)))))
        found.append((base, generator.uniform(-700, 700) / abs(math.log(base))))
    return found + [(2.0, 0.5), (10.0, -3.0), (1.5, 2.0), (-3.0, 5.0), (-2.0, -4.0)]


def vectors():
    generator = random.Random(1)
    print("# function, arguments, result, what it is too small by: printed by scripts/reference.py vectors")
    for name, function in FUNCTIONS.items():
        if name in ("pow", "atan2", "hypot"):
            cases = pairs(name, generator)
        else:
            cases = [(value,) for value in arguments(name, generator)]
        for given in cases:
            exact = function(*[mpf(value) for value in given])
            high = float(exact)
            # The second part, with which errors below one ulp can be told.
            print(name, *map(repr, given), repr(high), f"{float(exact - mpf(high)):.4g}")


if __name__ == "__main__":
    {"vectors": vectors, "errors": errors}[sys.argv[1]]()
