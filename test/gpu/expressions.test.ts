/**
 * Expressions by NVRTC and by tsmpi's own PTX, each in a process of its own, against float64 on the host. On the same
 * elements of the same random data, so that both ways answer for the same numbers.
 */
import { execFileSync } from "node:child_process";
import { expect } from "chai";
import * as cuda from "tsmpi/cuda";
import { needsGpu } from "./device.ts";

/** Texts over x and a, and the same in JavaScript. */
const texts: Readonly<Record<string, string>> = {
  "exp(x) + 3 * sin(x)": "Math.exp(x) + 3 * Math.sin(x)",
  "log(abs(x) + 1) * tanh(x)": "Math.log(Math.abs(x) + 1) * Math.tanh(x)",
  "x < 0 ? sqrt(-x) : exp2(x)": "x < 0 ? Math.sqrt(-x) : 2 ** x",
  "expm1(x) / (a + cos(x))": "Math.expm1(x) / (a + Math.cos(x))",
  "pow(a, x) * atan2(x, a) + cbrt(x) * asin(x)": "a ** x * Math.atan2(x, a) + Math.cbrt(x) * Math.asin(x)",
  "hypot(x, a) + log1p(x / a) * cosh(x) - sinh(x)":
    "Math.hypot(x, a) + Math.log1p(x / a) * Math.cosh(x) - Math.sinh(x)",
  // By what the functions have in common, as JavaScript lacks them.
  "erf(x) + erfc(x) + lgamma(x + 3) - lgamma(x + 2) - log(x + 2)": "1",
};

/** The largest error over the largest value, by text and type; and the sum of the squares, in one pass. */
const program = (Type: string): string => `
  import * as cuda from "tsmpi/cuda";
  const texts = ${JSON.stringify(texts)};
  const x = ${Type}.from({ length: 300_001 }, () => Math.random() * 2 - 1);
  const array = await cuda.upload(x);
  const errors = {};
  for (const [text, js] of Object.entries(texts)) {
    const reference = new Function("x", "a", "return " + js);
    const target = cuda.full(x.length, NaN, { dtype: array.dtype });
    cuda.evaluateInto(target, text, { x: array, a: 2 });
    const got = await target.download();
    let [worst, most] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      const right = reference(x[i], 2);
      const off = Math.abs(got[i] - right);
      worst = off <= worst ? worst : off;
      most = Math.max(most, Math.abs(right));
    }
    errors[text] = worst / most;
    target.free();
  }
  const square = x.reduce((sum, value) => sum + value * value, 0);
  errors.norm = Math.abs((await cuda.reduce(array, x => x.norm())) / Math.sqrt(square) - 1);
  console.log(JSON.stringify(errors));`;

describe("on a GPU: expressions", function () {
  this.timeout(120_000);

  for (const way of ["nvrtc", "ptx"] as const) {
    for (const [Type, epsilon] of [
      ["Float32Array", 2 ** -23],
      ["Float64Array", 2 ** -52],
    ] as const) {
      it(`are right as ${way === "ptx" ? "tsmpi's own PTX" : "NVRTC compiles them"}: ${Type}`, function () {
        needsGpu(this, way === "nvrtc" ? "nvrtc" : undefined);
        const env = way === "ptx" ? { TSMPI_LIBNVRTC: "/nowhere/libnvrtc.so" } : {};
        const args = ["--input-type=module", "--eval", program(Type)];
        const said = execFileSync(process.execPath, args, {
          env: { ...process.env, ...env },
          encoding: "utf8",
        });
        // The host's own sum of squares is off by more than the device's.
        for (const [text, error] of Object.entries(JSON.parse(said) as Record<string, number>))
          expect(error, `${text} by ${way} on ${cuda.device().name}`).to.be.below(
            text === "norm" ? 1e-12 : 8 * epsilon,
          );
      });
    }
  }
});
