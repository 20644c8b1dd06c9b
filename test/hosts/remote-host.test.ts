/** A host as tsmpirun sees it, with a daemon of which only the words matter. */
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { Channel } from "../../launcher/hosts/channel.ts";
import { MAGIC, type Order, type Report } from "../../launcher/hosts/protocol.ts";
import { RemoteHost } from "../../launcher/hosts/remote-host.ts";

type Prepare = Extract<Order, { kind: "prepare" }>;

/** A host that is ready, of a daemon that says and hears what the test wants. */
async function readyHost() {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let ended: (how: string) => void = () => {};
  const transport = {
    input,
    output,
    errors,
    onEnd: (callback: (how: string) => void): void => void (ended = callback),
    kill: () => void setImmediate(() => ended("was killed by SIGKILL")),
  };
  const options = { name: "b", command: ["ssh"], transport, linkTimeoutSeconds: 60, onErrors: () => {} };
  const host = new RemoteHost(options);
  const orders: Order[] = [];
  output.write(MAGIC);
  const daemon = new Channel<Report, Order>(input, output, {
    message: order => {
      orders.push(order);
      if (order.kind === "close") ended("ended");
    },
    bytes: () => {},
    ended: () => {},
  });
  const preparing = host.prepare({ kind: "prepare", part: { places: [0, 1], host: 1 } } as Prepare, []);
  const card = { hostname: "b", addresses: [], gateway: undefined, crowded: false };
  daemon.send({ kind: "ready", card });
  await preparing;
  return { host, daemon, orders };
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe("a host as tsmpirun sees it", () => {
  function follow(host: RemoteHost): string[] {
    const said: string[] = [];
    const lost = (sentence: string): void => void said.push(sentence);
    host.follow({ exited: () => said.push("exited"), notStarted: () => said.push("not started"), lost });
    return said;
  }

  it("should be lost from the beginning when its gateway has ended before there was a job", async () => {
    const { host, daemon, orders } = await readyHost();
    daemon.send({ kind: "gatewayEnded", how: "exited with code 1" });
    await turn();
    const said = follow(host);
    // The job does not know its hosts yet.
    expect(said).to.deep.equal([]);
    await turn();
    expect(said).to.deep.equal(["host b was lost: its gateway exited with code 1"]);
    expect(host.ranks).to.deep.equal([]);
    expect(orders.some(({ kind }) => kind === "start")).to.equal(false);
  });

  it("should be lost when its gateway ends later, with its ranks still to be ended", async () => {
    const { host, daemon } = await readyHost();
    const said = follow(host);
    daemon.send({ kind: "gatewayEnded", how: "was killed by SIGKILL" });
    await turn();
    expect(said).to.deep.equal(["host b was lost: its gateway was killed by SIGKILL"]);
    expect(host.ranks).to.deep.equal([1]);
    await host.close();
  });
});
