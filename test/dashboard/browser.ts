/** A real browser, driven over the pipe that Chromium offers for that: no port, and no package. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { membersOf, until } from "../launcher/helpers.ts";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome"];
const OPTIONS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-crash-reporter",
  "--remote-debugging-pipe",
];
const END = "\0";

/** The browser that is installed. */
export const browserCommand: string | undefined = COMMANDS.find(
  command => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0,
);

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export class Page {
  private readonly browser: ChildProcess;
  private readonly folder: string;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly closed: Promise<void>;
  private session: string | undefined;
  private calls = 0;

  /** A page of a new browser, with nothing of others. */
  static async open(address: URL): Promise<Page> {
    const page = new Page();
    const { targetId } = await page.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.call("Target.attachToTarget", { targetId, flatten: true });
    page.session = sessionId as string;
    await page.call("Page.navigate", { url: address.href });
    return page;
  }

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "tsmpi-browser-"));
    this.browser = spawn(browserCommand!, [...OPTIONS, `--user-data-dir=${this.folder}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      detached: true, // a process group of its own, by which its children are found
    });
    this.closed = new Promise(resolve => this.browser.on("close", () => resolve()));
    let rest = "";
    const answers = this.browser.stdio[4] as Readable;
    answers.setEncoding("utf8");
    answers.on("data", (text: string) => {
      const messages = (rest + text).split(END);
      rest = messages.pop()!;
      for (const message of messages) {
        const answer = JSON.parse(message) as Answer;
        if (answer.id !== undefined) this.waiting.get(answer.id)?.(answer);
      }
    });
    this.browser.stdio[3]!.on("error", () => {});
    void this.closed.then(() => {
      for (const answer of this.waiting.values()) answer({ error: { message: "the browser has ended" } });
    });
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const look = `new Promise(resolve => {
      const look = () => (${expression}) ? resolve(true) : setTimeout(look, 50);
      look();
    })`;
    await this.evaluate(look);
  }

  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: unknown }).value;
  }

  /** Whether the person's system is dark, and how large the window is. */
  async pretend(dark: boolean, width: number, height: number): Promise<void> {
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.call("Emulation.setEmulatedMedia", { features });
    await this.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  /** A PNG of what is seen. */
  async picture(): Promise<Buffer> {
    return Buffer.from((await this.call("Page.captureScreenshot", {})).data as string, "base64");
  }

  async close(): Promise<void> {
    const group = this.browser.pid!;
    if (membersOf(group).length > 0) process.kill(-group, "SIGKILL");
    await this.closed;
    // Its children write into the folder as long as they live.
    if (!(await until(() => membersOf(group).length === 0, 30_000)))
      throw new Error("the browser does not end");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private call(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.calls;
    const message = JSON.stringify({ id, method, params, sessionId: this.session });
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        this.waiting.delete(id);
        if (error === undefined) resolve(result!);
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.browser.stdio[3] as Writable).write(message + END);
    });
  }
}
