/** The gateway's process as the daemon of its host sees it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { packageFolder } from "../../src/native.ts";
import { howItEnded } from "../report.ts";
import { Channel } from "./channel.ts";
import type { GatewayCard, GatewayNews, GatewayOrder, GatewayReport } from "./protocol.ts";

export interface GatewayChildEvents {
  news(news: GatewayNews): void;
  /** It has ended before it was told to. */
  ended(how: string): void;
}

export class GatewayChild {
  private readonly child: ChildProcess;
  private readonly channel: Channel<GatewayOrder, GatewayReport>;
  private readonly events: GatewayChildEvents;
  private ready: (card: GatewayCard) => void = () => {};
  private refuse: (error: Error) => void = () => {};
  private closed = false;

  /** @param inherited descriptors of the segment and of the doorbells */
  constructor(inherited: readonly number[], events: GatewayChildEvents) {
    this.events = events;
    const tool = join(packageFolder(), "dist", "tsmpi.js");
    this.child = spawn(process.execPath, [tool, "gateway"], {
      stdio: ["pipe", "pipe", "inherit", ...inherited],
    });
    this.channel = new Channel<GatewayOrder, GatewayReport>(this.child.stdout!, this.child.stdin!, {
      message: report => this.report(report),
      bytes: () => {},
      ended: () => {},
    });
    this.child.on("error", error => this.end(`could not be started: ${error.message}`));
    this.child.on("exit", (code, signal) => this.end(howItEnded(code, signal)));
  }

  /** @throws {Error} a sentence about why it cannot listen */
  listen(order: Extract<GatewayOrder, { kind: "listen" }>): Promise<GatewayCard> {
    return new Promise((resolve, reject) => {
      this.ready = resolve;
      this.refuse = reject;
      this.channel.send(order);
    });
  }

  send(order: GatewayOrder): void {
    this.channel.send(order);
  }

  close(): void {
    this.closed = true;
    this.child.kill("SIGKILL");
  }

  private report(report: GatewayReport): void {
    if (report.kind === "ready") this.ready(report.card);
    else if (report.kind === "problem") this.refuse(new Error(report.problem));
    else this.events.news(report);
  }

  private end(how: string): void {
    this.refuse(new Error(`its gateway ${how}`));
    if (!this.closed) this.events.ended(how);
    this.closed = true;
  }
}
