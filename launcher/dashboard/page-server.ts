/**
 * Serves the page of the dashboard and what it is told, to whoever knows the address that has been printed, on this
 * machine. Others (a guessed path, another website by way of the browser, garbage) get an empty answer or none.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../usage-error.ts";

const ADDRESS = "127.0.0.1";
/** Names under which a page of this machine is asked for; also through a tunnel, which may change the port. */
const OWN_HOSTS = new Set([ADDRESS, "localhost"]);
const TOKEN_BYTES = 24;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8192;
/** For a request to come whole. */
const REQUEST_MILLISECONDS = 5000;
const CHECK_MILLISECONDS = 1000;
/** For the last words to leave. */
const CLOSE_MILLISECONDS = 200;

/** A page that listens. */
export class Reader {
  /** Number of the last line of output that it has been sent. */
  seen = 0;
  private readonly response: ServerResponse;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  /** Whether it has taken what it has been sent. One that has not is sent nothing, so that nothing piles up. */
  get ready(): boolean {
    return !this.response.writableNeedDrain;
  }

  send(event: string, data: unknown): void {
    this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): Promise<void> {
    return new Promise(resolve => {
      this.response.end(() => resolve());
    });
  }
}

export class PageServer {
  readonly readers = new Set<Reader>();
  readonly address: string;
  private readonly server: Server;
  private readonly token: string;
  private readonly page: string;
  private readonly headers: Record<string, string>;
  private readonly onReader: (reader: Reader) => void;

  /**
   * @param port 0: any that is free
   * @param onReader a page has begun to listen
   * @throws {UsageError} the port cannot be had
   */
  static async open(port: number, page: string, onReader: (reader: Reader) => void): Promise<PageServer> {
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      connectionsCheckingInterval: CHECK_MILLISECONDS,
    });
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "EADDRINUSE" ? "another program has it" : error.message;
        reject(new UsageError(`--dashboard expects a port that is free; ${port}: ${why}`));
      });
      server.listen(port, ADDRESS, resolve);
    });
    return new PageServer(server, page, onReader);
  }

  private constructor(server: Server, page: string, onReader: (reader: Reader) => void) {
    this.server = server;
    this.page = page;
    this.onReader = onReader;
    this.token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.address = `http://${ADDRESS}:${(server.address() as AddressInfo).port}/${this.token}/`;
    const [script, style] = ["script", "style"].map(element => hashOf(page, element));
    this.headers = {
      "Content-Security-Policy":
        `default-src 'none'; script-src '${script}'; style-src '${style}'; connect-src 'self'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "Cache-Control": "no-store",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    };
    server.on("request", (request, response) => this.answer(request, response));
    server.on("clientError", (_error, socket) => socket.destroy());
    // It must not keep tsmpirun when the job has ended.
    server.unref();
  }

  /** Readers get what they have been sent last, unless they are slow. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, CLOSE_MILLISECONDS);
    });
    await Promise.race([Promise.all([...this.readers].map(reader => reader.end())), late]);
    clearTimeout(timer);
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const [, token = "", name] = (request.url ?? "").split("/");
    if (!this.mayAsk(request) || !this.isToken(token) || (name !== "" && name !== "events")) {
      response.writeHead(404, { Connection: "close" }).end();
      return;
    }
    if (name === "") {
      response
        .writeHead(200, { ...this.headers, "Content-Type": "text/html; charset=utf-8" })
        .end(request.method === "HEAD" ? undefined : this.page);
      return;
    }
    response.writeHead(200, { ...this.headers, "Content-Type": "text/event-stream" });
    const reader = new Reader(response);
    this.readers.add(reader);
    response.on("close", () => this.readers.delete(reader));
    response.on("error", () => {});
    this.onReader(reader);
  }

  /** A website whose name leads here (DNS rebinding) asks for its own name. */
  private mayAsk({ method, headers }: IncomingMessage): boolean {
    if (method !== "GET" && method !== "HEAD") return false;
    return OWN_HOSTS.has((headers.host ?? "").replace(/:\d+$/, ""));
  }

  private isToken(text: string): boolean {
    const [given, wanted] = [text, this.token].map(each => createHash("sha256").update(each).digest());
    return timingSafeEqual(given, wanted);
  }
}

/** By which the browser knows the one script, and the one style, that the page may have. */
function hashOf(page: string, element: string): string {
  const [, content = ""] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page) ?? [];
  return `sha256-${createHash("sha256").update(content).digest("base64")}`;
}
