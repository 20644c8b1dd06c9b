import { PassThrough } from "node:stream";
import { expect } from "chai";
import { Channel } from "../../launcher/hosts/channel.ts";
import { FrameKind, HEADER_BYTES, MAGIC } from "../../launcher/hosts/protocol.ts";
import { sleep } from "../launcher/helpers.ts";

interface Talk {
  input: PassThrough;
  output: PassThrough;
  channel: Channel<unknown, unknown>;
  came: unknown[];
}

function talk(magic?: Buffer): Talk {
  const input = new PassThrough();
  const output = new PassThrough();
  const came: unknown[] = [];
  const channel = new Channel<unknown, unknown>(
    input,
    output,
    {
      message: message => void came.push(message),
      bytes: (kind, stream, bytes) => void came.push([kind, stream, bytes.toString("latin1")]),
      ended: damage => void came.push(damage ?? "end"),
    },
    magic,
  );
  return { input, output, channel, came };
}

/** What one end writes. */
function written(write: (channel: Channel<unknown, unknown>) => void): Buffer {
  const { output, channel } = talk();
  write(channel);
  return output.read() as Buffer;
}

describe("the channel between tsmpirun and a daemon", () => {
  const frames = written(channel => {
    channel.send({ kind: "ping", text: "ä\n" });
    channel.sendBytes(FrameKind.output, 77, Buffer.from("\n\0\xa7\n", "latin1"));
    channel.sendBytes(FrameKind.file, 0, Buffer.alloc(0));
  });
  const expected = [{ kind: "ping", text: "ä\n" }, [1, 77, "\n\0\xa7\n"], [3, 0, ""]];

  for (const size of [1, 2, 7, HEADER_BYTES, 1000]) {
    it(`should read frames in pieces of ${size} bytes`, async () => {
      const { input, came } = talk();
      for (let at = 0; at < frames.length; at += size) input.write(frames.subarray(at, at + size));
      input.end();
      await sleep(20);
      expect(came).to.deep.equal([...expected, "end"]);
    });
  }

  it("should pass over what a login shell prints", async () => {
    for (const size of [1, 5, 10_000]) {
      const { input, came, channel } = talk(MAGIC);
      const all = Buffer.concat([Buffer.from("Welcome\ntsmpi-daemon"), MAGIC, frames]);
      for (let at = 0; at < all.length; at += size) input.write(all.subarray(at, at + size));
      await sleep(20);
      expect(came).to.deep.equal(expected);
      expect(channel.open).to.equal(true);
      expect(channel.noise).to.equal("Welcome\ntsmpi-daemon");
    }
  });

  it("should keep what was printed by one that never speaks", async () => {
    const { input, came, channel } = talk(MAGIC);
    input.end("This account is currently not available.\n");
    await sleep(20);
    expect(came).to.deep.equal(["end"]);
    expect(channel.open).to.equal(false);
    expect(channel.noise).to.include("not available");
  });

  it("should notice bytes that were changed on their way", async () => {
    const terminal = Buffer.from(frames.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
    const long = Buffer.from(frames);
    long.writeUInt32LE(2 ** 31, 6);
    for (const damaged of [terminal, frames.subarray(3), long]) {
      const { input, came } = talk();
      input.end(damaged);
      await sleep(20);
      expect(came.at(-1)).to.match(/^a (frame|message)/);
    }
  });

  it("should drop what is sent to nobody", () => {
    const { output, channel } = talk();
    channel.finish();
    expect(channel.sendBytes(FrameKind.input, 0, Buffer.from("late"))).to.equal(true);
    expect(output.read()).to.equal(null);
  });
});
