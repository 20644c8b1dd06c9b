import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { StderrBlock } from "../../launcher/crash-filter.ts";
import { LineWriter } from "../../launcher/line-writer.ts";
import { OpenStreams } from "../../launcher/open-streams.ts";
import { sleep } from "./helpers.ts";

/** A pipe between two ends in this process. */
async function pipe(): Promise<{ near: Socket; far: Socket }> {
  const path = join(tmpdir(), `tsmpi-test-${process.pid}-${Date.now()}.sock`);
  const server = createServer().listen(path);
  await once(server, "listening");
  const far = connect(path);
  const [near] = (await once(server, "connection")) as [Socket];
  server.close();
  return { near, far };
}

/** The event loop does nothing meanwhile, as when a terminal does not take what is printed. */
function holdUp(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A writer of lines, and what it has printed, piece by piece. */
function lineWriter(listening: () => boolean): { writer: LineWriter; printed: string[] } {
  const printed: string[] = [];
  const destination = {
    continues: () => false,
    write: (_writer: object, bytes: Uint8Array) => printed.push(Buffer.from(bytes).toString()) > 0,
    onDrain: () => {},
  };
  const options = { destination, tag: undefined, file: undefined, alone: false, pause: () => {}, listening };
  return { writer: new LineWriter(options), printed };
}

describe("the silence of a rank", () => {
  it("should not be taken for the end of a line when tsmpirun was held up itself", async () => {
    const { near, far } = await pipe();
    const { writer, printed } = lineWriter(() => !near.isPaused());
    near.once("data", bytes => {
      near.on("data", more => writer.write(more));
      writer.write(bytes);
      far.write("of a line\n");
      holdUp(200);
    });
    far.write("the parts ");
    while (printed.length === 0) await sleep(5);
    far.destroy();
    near.destroy();
    expect(printed).to.deep.equal(["the parts of a line\n"]);
  });

  it("should not be taken for the end of a line while nobody listens", async () => {
    let listening = false;
    const { writer, printed } = lineWriter(() => listening);
    writer.write(Buffer.from("a prompt? "));
    await sleep(350);
    expect(printed).to.deep.equal([]);
    listening = true;
    while (printed.length === 0) await sleep(5);
    expect(printed).to.deep.equal(["a prompt? "]);
  });

  it("should not tear a stack apart that lies in the pipe", async () => {
    const { near, far } = await pipe();
    const printed: string[] = [];
    const block = new StderrBlock(
      bytes => void printed.push(bytes.toString()),
      () => !near.isPaused(),
    );
    near.once("data", bytes => {
      near.on("data", more => block.write(more));
      block.write(bytes);
      far.write("    at main.ts:3:9\n");
      holdUp(100);
    });
    far.write("a warning\n");
    while (printed.length === 0) await sleep(5);
    far.destroy();
    near.destroy();
    expect(printed).to.deep.equal(["a warning\n    at main.ts:3:9\n"]);
  });
});

describe("the end of a rank's streams", () => {
  it("should come with their last words, however long these lie there", async () => {
    const streams = new OpenStreams();
    const stream = new PassThrough();
    let text = "";
    stream.on("data", bytes => (text += bytes));
    streams.add(0, stream, () => {});
    stream.pause();
    // It never ends: a process that the rank has left behind holds it.
    stream.write("last words");
    let closed = false;
    const closing = streams.closed(0).then(() => (closed = true));
    await sleep(800);
    expect(closed).to.equal(false);
    stream.resume();
    await closing;
    expect(text).to.equal("last words");
  });

  it("should not be waited for when somebody else goes on printing now and then", async () => {
    const streams = new OpenStreams();
    const stream = new PassThrough();
    stream.resume();
    streams.add(0, stream, () => {});
    const timer = setInterval(() => stream.write("."), 100);
    await streams.closed();
    clearInterval(timer);
  });

  it("should come at once when they have ended", async () => {
    const streams = new OpenStreams();
    const [one, other] = [new PassThrough(), new PassThrough()];
    const ended: number[] = [];
    for (const [rank, stream] of [one, other].entries()) {
      stream.resume();
      streams.add(rank, stream, () => ended.push(rank));
    }
    const begun = performance.now();
    one.end();
    await streams.closed(0);
    other.end();
    await streams.closed();
    expect(ended).to.deep.equal([0, 1]);
    expect(performance.now() - begun).to.be.below(400);
  });
});
