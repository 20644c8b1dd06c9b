/** Starts the daemons of all hosts at the same time; beyond a number, those started first start the others. */
import type { JobOptions } from "../options.ts";
import { countOf } from "../variables.ts";
import { commandFor } from "./agent.ts";
import type { LauncherKind } from "./choose-hosts.ts";
import { HostProblem, RemoteHost } from "./remote-host.ts";
import { shipment } from "./ship.ts";
import { LocalAgent, type Transport } from "./transport.ts";

/** Agents that this process starts itself, unless `TSMPI_FAN_OUT` says otherwise. */
const FAN_OUT = 32;
/** When a host has failed, the others have so long to say what is wrong with them. */
const GRACE = 3000;

export interface StartedHosts {
  /** In the order of their names; incomplete when there are problems. */
  hosts: RemoteHost[];
  problems: HostProblem[];
}

/**
 * @param prepare makes a host ready, or throws HostProblem
 * @throws {UsageError} TSMPI_FAN_OUT is no number
 */
export async function startHosts(
  names: readonly string[],
  launcher: LauncherKind,
  options: JobOptions,
  prepare: (host: RemoteHost, index: number) => Promise<void>,
): Promise<StartedHosts> {
  const fanOut = countOf("TSMPI_FAN_OUT") ?? FAN_OUT;
  const hosts: RemoteHost[] = [];
  const problems: HostProblem[] = [];
  let graceOver = (): void => {};
  const grace = new Promise<void>(resolve => {
    graceOver = resolve;
  });

  const first = options.ship ? shipment() : undefined;

  async function begin(index: number, command: string[], transport: Transport): Promise<void> {
    if (first !== undefined) transport.input.write(first);
    const host = new RemoteHost({
      name: names[index],
      command,
      transport,
      linkTimeoutSeconds: options.linkTimeoutSeconds,
      onErrors: (name, text) => process.stderr.write(text.replaceAll(/^(?=.)/gm, `tsmpirun: ${name}: `)),
    });
    await prepare(host, index);
    hosts[index] = host;
  }

  function fromHere(index: number): Promise<void> {
    const command = commandFor(names[index], launcher, options);
    return begin(index, command, new LocalAgent(command));
  }

  /** Hosts need not be able to log in to one another: what fails that way is done from here. */
  async function fromHost(parent: RemoteHost, index: number): Promise<void> {
    const command = commandFor(names[index], launcher, { ...options, launcher });
    try {
      await begin(index, command, parent.relay(command));
    } catch (error) {
      if (!(error instanceof HostProblem) || error.spoke) throw error;
      await fromHere(index);
    }
  }

  /** @returns whether the host is ready; one that is not has been noted */
  async function noted(starting: Promise<void>): Promise<boolean> {
    try {
      await starting;
      return true;
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      problems.push(error);
      setTimeout(graceOver, GRACE);
      return false;
    }
  }

  const branches = names.slice(0, fanOut).map(async (_name, parent) => {
    const ready = await noted(fromHere(parent));
    const others: Promise<boolean>[] = [];
    for (let index = parent + fanOut; index < names.length; index += fanOut) {
      others.push(noted(ready ? fromHost(hosts[parent], index) : fromHere(index)));
    }
    await Promise.all(others);
  });
  await Promise.race([Promise.all(branches), grace]);
  problems.sort((a, b) => names.indexOf(a.host) - names.indexOf(b.host));
  return { hosts, problems };
}

/** One line for each thing that is wrong, with the hosts of which it is true. */
export function problemLines(problems: readonly HostProblem[]): string[] {
  const hosts = new Map<string, string[]>();
  for (const { host, message } of problems) hosts.set(message, [...(hosts.get(message) ?? []), host]);
  return [...hosts].map(([message, names]) => `${names.join(", ")}: ${message}`);
}
