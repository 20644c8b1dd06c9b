/** `tsmpi gateway`: the gateway's process, started on a host by its daemon, never by a person. */
import { wordOf } from "../../src/environment.ts";
import { Gateway, windowFor } from "../../src/gateway/gateway.ts";
import { inheritedSegment, SegmentAccess } from "../../src/gateway/segment-access.ts";
import type { Wire } from "../../src/gateway/wire.ts";
import { native } from "../../src/native.ts";
import { Channel } from "./channel.ts";
import type { GatewayCard, GatewayOrder, GatewayReport, WireName } from "./protocol.ts";

async function makeWire(name: WireName): Promise<Wire> {
  if (name === "tcp") return new (await import("../../src/gateway/tcp-wire.ts")).TcpWire();
  return new (await import("../../src/gateway/zeromq-wire.ts")).ZeromqWire();
}

class GatewayProcess {
  private readonly channel: Channel<GatewayReport, GatewayOrder>;
  private readonly access = new SegmentAccess(inheritedSegment(native()));
  private wire: Wire | undefined;
  private gateway: Gateway | undefined;
  private listening: Extract<GatewayOrder, { kind: "listen" }> | undefined;

  constructor() {
    this.channel = new Channel<GatewayReport, GatewayOrder>(process.stdin, process.stdout, {
      message: order => this.order(order),
      bytes: () => {},
      // The daemon has gone.
      ended: () => process.exit(0),
    });
  }

  private order(order: GatewayOrder): void {
    if (order.kind === "listen") void this.listen(order);
    else if (order.kind === "begin") this.begin(order.cards);
    else this.gateway?.peerFinished(order.ranks);
  }

  private async listen(order: Extract<GatewayOrder, { kind: "listen" }>): Promise<void> {
    this.listening = order;
    try {
      this.wire = await makeWire(order.wire);
      const card = await this.wire.listen(order.addresses, frame => this.gateway?.frame(frame));
      const copies = wordOf("TSMPI_CROSS_COPY") !== "off" && native().mayCopy();
      this.channel.send({ kind: "ready", card: { ...card, copies } });
    } catch (error) {
      const problem = `cannot listen for other hosts (${order.wire}): ${(error as Error).message}`;
      this.channel.send({ kind: "problem", problem });
    }
  }

  private begin(cards: readonly GatewayCard[]): void {
    const { linkTimeoutSeconds, linkMemory } = this.listening!;
    const window = windowFor(linkMemory, cards.length);
    this.gateway = new Gateway(
      this.access,
      this.wire!,
      cards,
      { window, timeout: linkTimeoutSeconds * 1000 },
      {
        lost: (host, sentence) => this.channel.send({ kind: "peerLost", host, sentence }),
        finished: (ranks, hosts) => this.channel.send({ kind: "finished", ranks, hosts }),
      },
    );
    // Only now can what comes be taken.
    this.wire!.admit(cards);
  }
}

export function gatewayProcess(): Promise<never> {
  native().dieWithParent(process.ppid);
  new GatewayProcess();
  return new Promise(() => {});
}
