"""Prints the constants of mathematical functions, those of the host and those of kernels:

    python3 scripts/coefficients.py c++ > native/expression/coefficients.h
    python3 scripts/coefficients.py typescript > src/cuda/ptx/math/coefficients.ts

Polynomials close to the best (Chebyshev interpolation at 60 digits, rounded to the nearest number of each type), and
constants cut into parts. Needs mpmath (Debian: python3-mpmath).
"""

import math
import struct
import sys

import mpmath
from mpmath import mpf

mpmath.mp.dps = 60


def as_float(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def number(value, single):
    value = as_float(value) if single else float(value)
    return value.hex() + ("f" if single else "")


def cut(value, bits):
    """The first `bits` bits of a number."""
    if value == 0:
        return mpf(0)
    scale = mpf(2) ** (bits - 1 - mpmath.floor(mpmath.log(abs(value), 2)))
    return mpmath.floor(abs(value) * scale) / scale * mpmath.sign(value)


def parts(value, *bits):
    """A number as a sum of parts of so many bits; a part of 0 bits takes what is left."""
    found = []
    for width in bits:
        part = value if width == 0 else cut(value, width)
        found.append(part)
        value -= part
    return found


def polynomial(f, low, high, terms):
    """Coefficients from the constant term up."""
    # Quotients that tend to a limit at 0 are taken beside it.
    beside = lambda x: f(x if abs(x) > 1e-18 else mpf("1e-18"))  # noqa: E731
    return mpmath.chebyfit(beside, [mpf(low), mpf(high)], terms)[::-1]


def series(f, low, high, double_terms, single_terms):
    return polynomial(f, low, high, double_terms), polynomial(f, low, high, single_terms)


def same(values):
    return values, values


LN2 = mpmath.log(2)
PI = mpmath.pi
ROOT = mpmath.sqrt

tables = {}


def table(name, comment, pair):
    tables[name] = (comment, pair)


def in_root(f):
    """f(x) as a function of x^2."""
    return lambda u: f(ROOT(u))


third = LN2 / 2 * mpf("1.02")
table("exp", "e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2",
      series(lambda r: (mpmath.expm1(r) - r) / r**2, -third, third, 10, 5))
# exp in single precision takes 2^(i/16) from a table, which leaves less for the polynomial.
sixteenth = LN2 / 32 * mpf("1.02")
SHORT = polynomial(lambda r: (mpmath.expm1(r) - r) / r**2, -sixteenth, sixteenth, 2)
quarter = (PI / 4 * mpf("1.02")) ** 2
table("sin", "sin r = r + r^3 P(r^2), |r| <= pi / 4",
      series(in_root(lambda r: (mpmath.sin(r) - r) / r**3), 0, quarter, 6, 3))
table("cos", "cos r = 1 - r^2 / 2 + r^4 P(r^2), |r| <= pi / 4",
      series(in_root(lambda r: (mpmath.cos(r) - 1 + r**2 / 2) / r**4), 0, quarter, 6, 3))
table("log", "log(1 + f) = 2 s + s^3 P(s^2), s = f / (2 + f), sqrt(1/2) <= 1 + f <= sqrt(2)",
      series(in_root(lambda s: (2 * mpmath.atanh(s) - 2 * s) / s**3), 0, mpf("0.0296"), 7, 3))
table("atan", "atan t = t + t^3 P(t^2), |t| <= tan(pi / 8)",
      series(in_root(lambda t: (mpmath.atan(t) - t) / t**3), 0, mpf("0.1719"), 11, 5))
table("asin", "asin x = x + x^3 P(x^2), |x| <= 1 / 2",
      series(in_root(lambda x: (mpmath.asin(x) - x) / x**3), 0, mpf("0.25"), 13, 6))
table("cbrt", "m^(1/3) nearly, 1/2 <= m <= 1",
      same(polynomial(mpmath.cbrt, mpf("0.5"), 1, 4)))

# erfc(x) = exp(-x^2) P(t) / (1 + 2 x) for x >= 0, t = (x - k) / (x + k) in [-1, 1]
# (M. M. Shepherd and J. G. Laframboise, Math. Comp. 36, 1981, use k = 3.75).
K = mpf("3.75")


def erfcx(t):
    if t >= 1:
        return 2 / ROOT(PI)
    x = K * (1 + t) / (1 - t)
    if x > 1e6:
        return (1 + 2 * x) / (x * ROOT(PI)) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4))
    with mpmath.workdps(60):
        scaled = mpmath.exp(x * x) * mpmath.erfc(x) if x < 50 else mpmath.quad(
            lambda s: mpmath.exp(-(s * s) / (4 * x * x) - s), [0, 1, 10, 100, 200]) / (x * ROOT(PI))
    return (1 + 2 * x) * scaled


table("erfc", "erfc(x) exp(x^2) (1 + 2 x) = P(t), x >= 0, t = (x - 3.75) / (x + 3.75)",
      series(erfcx, -1, 1, 26, 12))
table("erf", "erf x = x + x P(x^2), |x| <= 1",
      series(in_root(lambda x: (mpmath.erf(x) - x) / x), mpf("1e-30"), mpf("1.01"), 12, 6))

# lgamma near its zeros at 1 and 2, and Stirling's series from 8 on.
table("lgamma1", "lgamma(1 + t) = t P(t), |t| <= 1 / 2",
      series(lambda t: mpmath.loggamma(1 + t) / t, mpf("-0.501"), mpf("0.501"), 30, 13))
table("lgamma2", "lgamma(2 + t) = t P(t), |t| <= 1 / 2",
      series(lambda t: mpmath.loggamma(2 + t) / t, mpf("-0.501"), mpf("0.501"), 20, 9))


def stirling(u):
    with mpmath.workdps(80):
        x = 1 / ROOT(u)
        return (mpmath.loggamma(x) - (x - mpf(1) / 2) * mpmath.log(x) + x - mpmath.log(2 * PI) / 2) * x


table("stirling", "lgamma(x) = (x - 1/2) log x - x + log(2 pi) / 2 + P(1 / x^2) / x, x >= 8",
      series(stirling, mpf("1e-12"), mpf(1) / 64, 8, 4))
table("logDouble", "log m = 2 s + 2 s^3 / 3 + s^5 P(s^2), s = (m - 1) / (m + 1), for pow",
      series(in_root(lambda s: (2 * mpmath.atanh(s) - 2 * s - 2 * s**3 / 3) / s**5), mpf("1e-9"), mpf("0.0296"), 8, 4))


def constants(single):
    digits = 24 if single else 53
    k = 13 if single else 38
    named = {
        "log2e": [1 / LN2],
        "log2eLow": [parts(1 / LN2, digits, 0)[1]],
        "log10e": parts(1 / mpmath.log(10), digits, 0),
        # The first part leaves room for the exponent times it.
        "ln2": parts(LN2, 16 if single else 42, 0),
        "ln2Full": parts(LN2, digits, digits, 0)[:2],
        "log10of2": parts(mpmath.log10(2), 16 if single else 42, 0),
        "pi": parts(PI, digits, k, 0),
        "halfPi": parts(PI / 2, digits, k, 0),
        "quarterPi": parts(PI / 4, digits, 0),
        "overPi": [1 / PI],
        "tanEighthPi": [mpmath.tan(PI / 8)],
        "tanThreeEighthsPi": [mpmath.tan(3 * PI / 8)],
        "halfLog2Pi": parts(mpmath.log(2 * PI) / 2, digits, 0),
    }
    # Halves of the parts of pi are exact: those of pi / 2 must be the same cut.
    named["halfPi"] = [part / 2 for part in named["pi"]]
    return named


def filled(items, indent, width):
    """Items with commas between them, in lines of at most so many columns."""
    out, line = [], indent[:-1]
    for item in items:
        if len(line) + len(item) + 2 > width:
            out.append(line)
            line = indent[:-1]
        line += f" {item},"
    out.append(line.rstrip(","))
    return "\n".join(out)


def lines(values, single):
    return filled([number(value, single) for value in values], "    ", 116)


def header():
    print("// Printed by scripts/coefficients.py, which says what the numbers are.")
    print("#pragma once\n\nnamespace tsmpi {\nnamespace {\n")
    print("template <class T>\nstruct Coefficients;\n")
    for single, name in ((False, "double"), (True, "float")):
        print(f"template <>\nstruct Coefficients<{name}> {{")
        for key, (comment, pair) in tables.items():
            print(f"  // {comment}")
            print(f"  static constexpr {name} {key}[] = {{\n{lines(pair[single], single)}}};")
        if single:
            print("  // e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 32")
            print(f"  static constexpr float expShort[] = {{\n{lines(SHORT, True)}}};")
            print("  // The bits of 2^(i/16), less i times the distance of sixteenths in the bits of whole powers")
            print("  static constexpr unsigned powers[] = {")
            bits = [struct.unpack("I", struct.pack("f", float(mpf(2) ** (mpf(i) / 16))))[0] - (i << 19) for i in range(16)]
            for i in range(0, 16, 8):
                print("    " + ", ".join(f"0x{word:08x}" for word in bits[i : i + 8]) + ("," if i < 8 else "};"))
        for key, values in constants(single).items():
            print(f"  static constexpr {name} {key}[] = {{\n{lines(values, single)}}};")
        print("};\n")
    print("// 1 / pi, 64 bits a word, for the reduction of large arguments.")
    with mpmath.workdps(420):
        whole = int(mpmath.floor(mpmath.ldexp(1 / mpmath.pi, 64 * 20)))
    words = [(whole >> (64 * (19 - i))) & (2**64 - 1) for i in range(20)]
    print("constexpr unsigned long long overPiBits[] = {")
    for i in range(0, 20, 4):
        print("    " + ", ".join(f"0x{word:016x}" for word in words[i : i + 4]) + ("," if i < 16 else "};"))
    print("\n}  // namespace\n}  // namespace tsmpi")


def literal(value, single):
    """The shortest decimal that becomes the number of its type."""
    if not single:
        text = repr(float(value))
    else:
        text = next(text for text in (f"{as_float(value):.{digits}g}" for digits in range(1, 10))
                    if as_float(float(text)) == as_float(value))
    return text.replace("e-0", "e-")


def part(value, single):
    """All digits, since fewer would look like those of the constant itself; JavaScript's own name where it is that."""
    exact = as_float(value) if single else float(value)
    return {math.pi: "Math.PI", math.log(2): "Math.LN2"}.get(exact, repr(exact).replace("e-0", "e-"))


def entry(key, items):
    line = f"  {key}: [{', '.join(items)}],"
    return line if len(line) <= 110 else f"  {key}: [\n{filled(items, '    ', 110)},\n  ],"


def typescript():
    print("/** Printed by scripts/coefficients.py, which says how the numbers are found. */\n")
    for single, name in ((False, "f64"), (True, "f32")):
        print(f"const {name}{': Coefficients' if single else ''} = {{")
        for key, (comment, pair) in tables.items():
            # Kernels bring these arguments to those of lgamma2.
            if key == "lgamma1":
                continue
            if not single:
                print(f"  /** {comment} */")
            print(entry(key, [literal(value, single) for value in pair[single]]))
        for key, values in constants(single).items():
            if key in ("ln2", "ln2Full", "pi", "quarterPi", "halfLog2Pi"):
                print(entry(key, [part(value, single) for value in values]))
        print("};\n")
        if not single:
            print("/** Of polynomials the coefficients from the constant term up; of constants parts, whose sum they are. */")
            print("export type Coefficients = { readonly [name in keyof typeof f64]: readonly number[] };\n")
    print("export const coefficients: { readonly [type in \"f32\" | \"f64\"]: Coefficients } = { f32, f64 };")


if __name__ == "__main__":
    {"c++": header, "typescript": typescript}[sys.argv[1]]()
