/**
 * The exchange that srun offers its tasks with `--mpi=pmi2`: every task puts a card, and after a fence can read those of
 * all. PMI-2's wire protocol [Balaji et al., "PMI: a scalable parallel process-management interface", 2010; MPICH's
 * pmi2 and Slurm's mpi/pmi2 speak it] goes over a socket that the task inherits as PMI_FD: a greeting in one line, then
 * commands of six digits of length and `key=value;` pairs.
 */
import { Socket } from "node:net";

const LENGTH_DIGITS = 6;

export interface Meeting {
  rank: number;
  /** What all tasks have put, by rank. */
  cards: string[];
}

/** Whether this process is a task with such a socket. */
export function offersPmi2(environment: NodeJS.ProcessEnv): boolean {
  return /^\d+$/.test(environment.PMI_FD ?? "");
}

/**
 * @param makeCard of this task, without `;` and `=`, see card.ts
 * @throws {Error} a sentence about what srun answered
 */
export async function meetByPmi2(
  environment: NodeJS.ProcessEnv,
  makeCard: (rank: number, size: number) => Promise<string>,
): Promise<Meeting> {
  const client = new Client(Number(environment.PMI_FD));
  try {
    const { PMI_RANK = "0", PMI_JOBID = "" } = environment;
    await client.greet();
    const job = await client.call("fullinit", { pmijobid: PMI_JOBID, pmirank: PMI_RANK, threaded: "FALSE" });
    const rank = Number(job.rank);
    const size = Number(job.size);
    await client.call("kvs-put", { key: `tsmpi-${rank}`, value: await makeCard(rank, size) });
    await client.call("kvs-fence", {});
    const cards: string[] = [];
    for (let other = 0; other < size; other++) {
      const { value } = await client.call("kvs-get", {
        jobid: job.pmijobid ?? PMI_JOBID,
        srcid: "-1",
        key: `tsmpi-${other}`,
      });
      cards.push(value);
    }
    await client.call("finalize", {});
    return { rank, cards };
  } finally {
    client.close();
  }
}

class Client {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private wake: () => void = () => {};
  private ended = false;

  constructor(fd: number) {
    this.socket = new Socket({ fd, readable: true, writable: true });
    this.socket.on("data", bytes => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    for (const event of ["end", "error", "close"]) {
      this.socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  async greet(): Promise<void> {
    this.socket.write("cmd=init pmi_version=2 pmi_subversion=0\n");
    let end = -1;
    while ((end = this.received.indexOf("\n")) < 0) await this.more();
    const answer = this.take(end + 1);
    if (!answer.includes("rc=0")) throw new Error(`srun does not speak PMI-2: ${answer.trim()}`);
  }

  async call(command: string, pairs: Record<string, string>): Promise<Record<string, string>> {
    const parts = Object.entries({ cmd: command, ...pairs }).map(([key, value]) => `${key}=${value};`);
    const body = parts.join("");
    this.socket.write(String(Buffer.byteLength(body)).padStart(LENGTH_DIGITS) + body);
    while (this.received.length < LENGTH_DIGITS) await this.more();
    const length = Number(this.received.toString("latin1", 0, LENGTH_DIGITS));
    while (this.received.length < LENGTH_DIGITS + length) await this.more();
    const answer: Record<string, string> = {};
    for (const part of this.take(LENGTH_DIGITS + length)
      .slice(LENGTH_DIGITS)
      .split(";")) {
      const at = part.indexOf("=");
      if (at > 0) answer[part.slice(0, at)] = part.slice(at + 1);
    }
    if ((answer.rc ?? "0") !== "0") {
      throw new Error(`srun refused ${command}: ${answer.errmsg ?? `rc ${answer.rc}`}`);
    }
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(length: number): string {
    const text = this.received.toString("utf8", 0, length);
    this.received = this.received.subarray(length);
    return text;
  }

  private async more(): Promise<void> {
    if (this.ended) throw new Error("srun has closed its side of PMI-2");
    await new Promise<void>(resolve => {
      this.wake = resolve;
    });
  }
}
