/** Looks at the dashboard of a job as a program would, with plain requests. */
import { get, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { type Launch, packageRoot, start } from "../launch.ts";

export const program: string = join(packageRoot, "test/dashboard/watched.ts");

export interface Watched extends Launch {
  /** Of the page. */
  address: URL;
}

/** Starts a job with a dashboard, and waits for its address. Its input stays open: end `child.stdin`. */
export async function startWatched(args: readonly string[], ranks = 2): Promise<Watched> {
  const job = start([...(ranks > 0 ? ["-n", String(ranks)] : []), "--dashboard", ...args], {
    keepInput: true,
  });
  let printed = "";
  const address = await new Promise<URL>((resolve, reject) => {
    job.child.stderr!.on("data", (bytes: Buffer) => {
      printed += bytes.toString();
      const [, found] = /dashboard at (\S+)\n/.exec(printed) ?? [];
      if (found !== undefined) resolve(new URL(found));
    });
    job.child.on("close", () => reject(new Error(`tsmpirun ended before it had a dashboard: ${printed}`)));
  });
  return { ...job, address };
}

export interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

export function ask(
  address: URL,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(address, { method, headers, agent: false }, response => {
      let body = "";
      response.on("data", (bytes: Buffer) => {
        body += bytes.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

export interface JobState {
  title: string;
  elapsed: number;
  ranks: {
    rank: number;
    host: string;
    pid?: number;
    state: string;
    detail: string;
    cpu: number;
    memory: number;
  }[];
  activities: {
    rank: number;
    label: string;
    done: number;
    total: number;
    failed: number;
    elapsed: number;
    over: boolean;
  }[];
  code?: number;
}

/** What a page has heard so far. */
export class Listener {
  state: JobState | undefined;
  readonly lines: { rank: number; kind: string; text: string }[] = [];
  said: string[] = [];
  ended = false;
  private look: () => void = () => {};

  constructor(address: URL) {
    get(new URL("events", address), { agent: false }, response => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        const events = (rest + text).split("\n\n");
        rest = events.pop()!;
        for (const event of events) this.hear(event);
        this.look();
      });
      response.on("close", () => {
        this.ended = true;
        this.look();
      });
    });
  }

  /** Waits until what has been heard is as wanted. */
  until(what: string, condition: (listener: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.look = () => {
        if (condition(this)) resolve();
        else if (this.ended) reject(new Error(`never ${what}: ${JSON.stringify(this.state)}`));
      };
      this.look();
    });
  }

  private hear(event: string): void {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
    if (name === "state") this.state = JSON.parse(data) as JobState;
    else if (name === "lines") this.lines.push(...(JSON.parse(data) as Listener["lines"]));
    else if (name === "say") this.said = JSON.parse(data) as string[];
    else throw new Error(`an event was expected, and ${event} came`);
  }
}
