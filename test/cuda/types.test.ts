import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../launch.ts";

/** What the compiler says of a program of somebody who has installed the package, and checks its declarations, too. */
function complaints(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-types-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(packageRoot, join(folder, "node_modules", "tsmpi"));
    writeFileSync(join(folder, "program.mts"), program);
    const compilerOptions = {
      target: "es2023",
      lib: ["es2023"],
      module: "nodenext",
      types: ["node"],
      typeRoots: [join(packageRoot, "node_modules", "@types")],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, include: ["program.mts"] }),
    );
    execFileSync(process.execPath, [
      join(packageRoot, "node_modules", "typescript", "bin", "tsc"),
      "-p",
      folder,
    ]);
    return "";
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("cuda: declarations of the built package", function () {
  this.timeout(120_000);

  it("compile beside those of the other doors, and know the types of elements", () => {
    const said = complaints(`
      import { world } from "tsmpi";
      import * as cuda from "tsmpi/cuda";
      import type {} from "tsmpi/launch";
      import { exp } from "tsmpi/linalg";
      import type {} from "tsmpi/parallel";
      import type {} from "tsmpi/random";

      using a = await cuda.upload(new Float32Array(6), [2, 3], { device: 0 });
      const single: Float32Array = await a.transpose().download();
      using halves = a.astype("bfloat16");
      const bits: Uint16Array = await halves.copy().download();
      const named: Float64Array = await cuda.zeros(2, { dtype: "float64" }).download();
      const clamped: Uint8Array = await (await cuda.upload(new Uint8ClampedArray(2))).download();
      const brains: cuda.DeviceArray<"bfloat16"> = await cuda.upload(bits, 6, { dtype: "bfloat16" });
      const chosen: cuda.DtypeName = world.rank === 0 ? "int8" : "int64";
      const any: cuda.DeviceArray[] = [a, brains, cuda.empty(2, { dtype: chosen }), cuda.matmul(a, a)];
      const product: Float32Array = await cuda.matmul(a, a.transpose(), { tf32: true }).download();
      using bytes = cuda.zeros([4, 4], { dtype: "int8" });
      const sums: Int32Array = await cuda.matmul(bytes, bytes).download();
      const wide: Float32Array = await cuda.matmul(halves, halves, { dtype: "float32" }).download();
      const gpus = await cuda.over(world);
      const rows: Float32Array = await (await cuda.matmulRows(gpus, a, a)).download();
      const total: number = await cuda.reduce("sum(x)", { x: a });
      const { least }: { least: number } = await cuda.reduce(a, x => ({ least: x.min() }));
      console.log(product, sums, wide, rows, total, least);
      const [first] = await cuda.map(a, x => exp(x)).download();
      console.log(single, named, clamped, any, first + 1);
      // @ts-expect-error: it may be of any type
      const wrong: cuda.DeviceArray<"float64"> = any[0];
      // @ts-expect-error: nobody knows which
      const unknown: Float32Array = await any[0].download();
    `);
    expect(said).to.equal("");
  });

  it("have nothing in them that is not for programs", () => {
    const members = {
      "cuda.DeviceArray": [
        "type",
        "storage",
        "readAddress",
        "writeAddress",
        "reading",
        "writing",
        "restride",
      ],
      "cuda.Device": ["pool", "modules", "context", "stream", "use", "transfer", "marked", "createStream"],
      "cuda.DeviceCommunicator": ["allgatherShapes"],
    };
    const uses = Object.entries(members).flatMap(([type, names]) =>
      names.map(name => `// @ts-expect-error\nexport type ${name} = ${type}["${name}"];`),
    );
    expect(complaints(`import type * as cuda from "tsmpi/cuda";\n${uses.join("\n")}`)).to.equal("");
  });
});
