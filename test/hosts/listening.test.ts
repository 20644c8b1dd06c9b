import { connect, createServer } from "node:net";
import { expect } from "chai";
import { type Listening, listenAt } from "../../launcher/hosts/listening.ts";
import { parseEndpoint } from "../../src/gateway/wire.ts";

/** Addresses of every Linux machine; the third is of none. */
const [HERE, ELSEWHERE, NOWHERE] = ["127.0.0.7", "127.0.0.8", "192.0.2.1"];

describe("doors of a host", () => {
  const open: { close(): void }[] = [];

  afterEach(() => {
    for (const door of open.splice(0)) door.close();
  });

  async function listen(addresses: string[], ports?: number[]): Promise<Listening> {
    const door = await listenAt(addresses, socket => socket.on("error", () => {}).end(), ports);
    open.push(door);
    return door;
  }

  function isOpen(host: string, port: number): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect({ host, port });
      socket.on("connect", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("close", () => socket.destroy());
    });
  }

  /** A port that somebody else has at all addresses. */
  function takenPort(): Promise<number> {
    const server = createServer();
    open.push(server);
    return new Promise(resolve => {
      server.listen(0, () => resolve((server.address() as { port: number }).port));
    });
  }

  it("should be at the addresses wanted, and at no other, until closed", async () => {
    const door = await listen([HERE, HERE]);
    expect(door.endpoints).to.have.length(1);
    const { host, port } = parseEndpoint(door.endpoints[0]);
    expect(host).to.equal(HERE);
    expect(await isOpen(HERE, port)).to.equal(true);
    expect(await isOpen(ELSEWHERE, port)).to.equal(false);
    door.close();
    expect(await isOpen(HERE, port)).to.equal(false);
  });

  it("should leave out addresses that the host does not have", async () => {
    const { endpoints } = await listen([NOWHERE, HERE]);
    expect(endpoints.map(endpoint => parseEndpoint(endpoint).host)).to.deep.equal([HERE]);
  });

  it("should take the next port where the first is taken", async () => {
    const [taken, free] = [await takenPort(), await takenPort()];
    open.pop()!.close();
    expect((await listen([HERE, ELSEWHERE], [taken, free])).endpoints).to.deep.equal([
      `${HERE}:${free}`,
      `${ELSEWHERE}:${free}`,
    ]);
  });

  it("should be refused where there can be none", async () => {
    const taken = await takenPort();
    for (const [addresses, ports, why] of [
      [[], undefined, "it has no address"],
      [[NOWHERE], undefined, "EADDRNOTAVAIL"],
      [[HERE], [taken], "EADDRINUSE"],
    ] as const) {
      let said = "";
      await listenAt(addresses, () => {}, ports).catch(error => (said = (error as Error).message));
      expect(said).to.include("this host cannot listen").and.to.include(why);
    }
  });
});
