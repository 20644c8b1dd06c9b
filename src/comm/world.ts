/** The first communicators of this process, made when the library loads, and its orderly end. */
import { type Activity, beginActivity } from "../job/activity.ts";
import { joinJob } from "../job/job.ts";
import type { LocalJob } from "../job/local-job.ts";
import { Engine, type Leftover } from "../p2p/engine.ts";
import { Scope } from "../p2p/scope.ts";
import { Waiting } from "../p2p/waiting.ts";
import { peakMemory } from "../peak-memory.ts";
import { Header } from "../transport/layout.ts";
import { writeStatistics } from "../transport/statistics.ts";
import { Communicator } from "./communicator.ts";
import { Core } from "./core.ts";
import { describeSignature } from "./signature.ts";

const job = joinJob();
const engine = new Engine(job);
const waiting = new Waiting(engine);

/** @param members world ranks; undefined: all of them */
function first(name: string, id: number, members?: readonly number[]): Core {
  const { rank, size } = engine;
  const scope =
    members === undefined
      ? new Scope(name, id, rank, size)
      : new Scope(name, id, members.indexOf(rank), members.length, members);
  return new Core(engine, waiting, scope, id);
}

/** The ranks of this host, where they are not all. */
const neighbours = job === undefined || job.neighbours.length === job.size ? undefined : job.neighbours;

/** The communicator of all ranks, which knows how they lie on hosts. */
export class World extends Communicator {
  /** The ranks that share this host, and so its memory. */
  readonly host = new Communicator(first("host", 1, neighbours));

  /** Whether the job has a dashboard (`tsmpirun --dashboard`). The same on all ranks. */
  readonly watched: boolean = job?.watched === true;

  /**
   * Shows a long piece of work of this rank on the dashboard. Costs nothing without one.
   * @param total steps that there are
   */
  activity(label: string, total: number): Activity {
    return beginActivity(job, label, total);
  }

  /**
   * Whether the ranks of `host` have memory in common. Not so under `--transport zeromq`, where `shared` throws
   * NoSharedMemoryError if there are several.
   */
  readonly sharesMemory: boolean = job?.sharesMemory ?? true;

  /**
   * Ends the job (MPI_Abort): prints the reason, if any, and leaves this process with an exit code that is not 0,
   * upon which tsmpirun ends the others. For mistakes of a program's user, where a stack would not help.
   */
  abort(reason?: string, code = 1): never {
    if (reason !== undefined) process.stderr.write(`${reason}\n`);
    // Of a code the kernel keeps eight bits.
    process.exit(code & 255 || 1);
  }
}

/** All ranks of the job. Without the launcher: this process alone. */
export const world = new World(first("world", 0));

/** Nothing is left to run: a wait for this rank itself will have no end. Its failure may make work: the loop turns again. */
process.on("beforeExit", () => {
  if (waiting.failAlone()) setImmediate(() => {});
});

/**
 * A rank finishes when its process ends with status 0: what it has sent is delivered first, then others learn
 * that nothing more will come. With any other status the launcher ends the job.
 */
if (job !== undefined) {
  process.on("exit", code => {
    leaveStatistics(job);
    if (code === 0 && Atomics.load(job.words, Header.abortCode) === 0) end(job);
    job.close();
  });
}

function leaveStatistics({ words, layout, rank, statistics }: LocalJob): void {
  if (statistics === undefined) return;
  statistics.peakMemory = peakMemory();
  writeStatistics(words, layout, rank, statistics);
}

function end(job: LocalJob): void {
  engine.leave();
  waiting.drain();
  engine.finish();
  job.deliver();
  const left = engine.leftover();
  if (left === undefined) return;
  process.stderr.write(`${describeLeftover(left)}\n`);
  process.exitCode = 1;
}

/** What a message that nobody will read any more says of the collectives that ranks have called. */
function describeLeftover({ context, sequence, signature, source }: Leftover): string {
  const last = engine.lastCollective;
  const record = last?.endRecord();
  if (record?.context === context && record.sequence === sequence) {
    const error = last!.mismatch(source, signature);
    return `${error.name}: ${error.message}`;
  }
  const name = context >> 1 === 0 ? "world" : "a communicator";
  return (
    `tsmpi: rank ${engine.rank} has finished without taking part in ${describeSignature(signature)}, ` +
    `collective ${sequence} on ${name}, which rank ${source} has called; all ranks of a communicator ` +
    "must call the same collectives in the same order, with the same root"
  );
}
