/** Doors of this host: at the addresses where others may come, and at no other. */
import { createServer, type Server, type Socket } from "node:net";
import { endpointOf } from "../../src/gateway/wire.ts";

const ANY_PORT = 0;

export interface Listening {
  /** As `host:port`, in the order of the addresses. */
  endpoints: string[];
  close(): void;
}

/**
 * Listens at each of these addresses of this host; those that it cannot have are left out.
 * @param ports of which each address gets the first that is free; default: any
 * @throws {Error} when there is none at all
 */
export async function listenAt(
  addresses: readonly string[],
  came: (socket: Socket) => void,
  ports: readonly number[] = [ANY_PORT],
): Promise<Listening> {
  const servers: Server[] = [];
  const endpoints: string[] = [];
  let failure = "it has no address";
  for (const address of new Set(addresses)) {
    for (const port of ports) {
      const server = createServer(came);
      const problem = await listenOnce(server, address, port);
      if (problem === undefined) {
        servers.push(server);
        endpoints.push(endpointOf(address, (server.address() as { port: number }).port));
        break;
      }
      failure = problem;
    }
  }
  if (servers.length === 0) throw new Error(`this host cannot listen: ${failure}`);
  return { endpoints, close: () => servers.forEach(server => void server.close()) };
}

/** Returns what is in the way. */
function listenOnce(server: Server, host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    server.on("error", error => resolve(error.message));
    server.listen({ host, port }, () => resolve(undefined));
  });
}
