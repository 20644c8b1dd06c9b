/** Starts the daemons of all hosts at the same time; beyond a number, those started first start the others. */
import type { JobOptions } from "../options.ts";
import { ReportedError } from "../usage-error.ts";
import { commandFor } from "./agent.ts";
import type { LauncherKind } from "./choose-hosts.ts";
import { HostProblem, RemoteHost } from "./remote-host.ts";
import { LocalAgent, type Transport } from "./transport.ts";

/** Agents that this process starts itself. */
const FAN_OUT = Number(process.env.TSMPI_FAN_OUT ?? 32);
/** When a host has failed, others have so long to say what is wrong with them. */
const GRACE = 3000;

export class HostStarter {
  private readonly launcher: LauncherKind;
  private readonly options: JobOptions;

  constructor(launcher: LauncherKind, options: JobOptions) {
    this.launcher = launcher;
    this.options = options;
  }

  /**
   * @param prepare makes a host ready, or throws HostProblem
   * @throws {ReportedError} when any host cannot take part; all that is known to be wrong has been printed
   */
  async start(
    names: readonly string[],
    prepare: (host: RemoteHost, index: number) => Promise<void>,
  ): Promise<RemoteHost[]> {
    const hosts: RemoteHost[] = [];
    const problems: HostProblem[] = [];
    let failed = (): void => {};
    const failure = new Promise<void>(resolve => {
      failed = () => setTimeout(resolve, GRACE);
    });
    const note = (error: unknown): void => {
      if (!(error instanceof HostProblem)) throw error;
      problems.push(error);
      failed();
    };
    const begin = (index: number, transport: Transport, command: string[]): Promise<void> => {
      hosts[index] = new RemoteHost({
        name: names[index],
        command,
        transport,
        linkTimeoutSeconds: this.options.linkTimeoutSeconds,
        onErrors: (name, text) => process.stderr.write(text.replaceAll(/^(?=.)/gm, `tsmpirun: ${name}: `)),
      });
      return prepare(hosts[index], index);
    };
    const direct = (index: number): Promise<void> => {
      const command = commandFor(names[index], this.launcher, this.options);
      return begin(index, new LocalAgent(command), command);
    };
    /** Hosts need not be able to log in to each other: what fails that way is done from here. */
    const through = async (parent: number, index: number): Promise<void> => {
      const command = commandFor(names[index], this.launcher, { ...this.options, launcher: this.launcher });
      try {
        await begin(index, hosts[parent].relay(command), command);
      } catch (error) {
        if (!(error instanceof HostProblem) || error.spoke) throw error;
        await direct(index);
      }
    };
    const started = names.slice(0, FAN_OUT).map(async (_name, first) => {
      const own = direct(first);
      await own.catch(note);
      const others: Promise<void>[] = [];
      for (let index = first + FAN_OUT; index < names.length; index += FAN_OUT) {
        others.push(through(first, index).catch(note));
      }
      await Promise.all(others);
    });
    await Promise.race([Promise.all(started), failure]);
    if (problems.length === 0) return hosts;
    for (const host of hosts) void host?.close();
    throw new ReportedError(this.print(problems));
  }

  private print(problems: readonly HostProblem[]): string {
    const hosts = new Map<string, string[]>();
    for (const { host, message } of problems) hosts.set(message, [...(hosts.get(message) ?? []), host]);
    const lines = [...hosts].map(([message, names]) => `tsmpirun: ${names.join(", ")}: ${message}`);
    return [...lines, "tsmpirun: no rank was started"].join("\n");
  }
}
