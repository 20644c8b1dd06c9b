import { expect } from "chai";
import { dtypeOfConstructor } from "../src/codec/dtype.ts";
import { nativeFrom } from "../src/collectives/native-kernels.ts";
import { variables, wordOf } from "../src/environment.ts";
import { ArgumentError } from "../src/errors.ts";
import { Copies } from "../src/job/copies.ts";
import type { Layout } from "../src/transport/layout.ts";
import { SharedWriter } from "../src/transport/shared-writer.ts";

describe("variables of the environment that take a word", () => {
  const kept = { ...process.env };
  afterEach(() => {
    for (const name of variables) {
      if (kept[name] === undefined) delete process.env[name];
      else process.env[name] = kept[name];
    }
  });

  it("should say it, or nothing", () => {
    expect(wordOf("TSMPI_DEVICE", "auto")).to.equal("auto");
    expect(wordOf("TSMPI_DEVICE", "")).to.equal(undefined);
    delete process.env.TSMPI_STREAM;
    expect(wordOf("TSMPI_STREAM")).to.equal(undefined);
    process.env.TSMPI_STREAM = "off";
    expect(wordOf("TSMPI_STREAM")).to.equal("off");
  });

  it("should be refused by whoever reads one that says another, with those that there are", () => {
    expect(() => wordOf("TSMPI_DEVICE", "gpu")).to.throw(
      ArgumentError,
      /^TSMPI_DEVICE must be "cpu", "cuda" or "auto", but is "gpu"$/,
    );
    for (const name of variables) process.env[name] = "perhaps";
    const onOrOff = 'must be "on" or "off", but is "perhaps"';
    expect(() => new SharedWriter(undefined)).to.throw(ArgumentError, `TSMPI_STREAM ${onOrOff}`);
    const copies = () => new Copies(undefined, new Int32Array(1), undefined as unknown as Layout);
    expect(copies).to.throw(ArgumentError, `TSMPI_CROSS_COPY ${onOrOff}`);
    expect(() => nativeFrom(dtypeOfConstructor(Float64Array)!)).to.throw(
      ArgumentError,
      'TSMPI_KERNELS must be "typescript" or "native", but is "perhaps"',
    );
  });
});
