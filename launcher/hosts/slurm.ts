/** What Slurm says of the allocation that tsmpirun was started in. */
import { UsageError } from "../usage-error.ts";
import { expandNames, type HostSlots } from "./host-list.ts";

export interface Allocation {
  hosts: HostSlots[];
  /** Tasks that were asked for; undefined when only nodes were. */
  tasks: number | undefined;
}

/** "2(x3),1": numbers for nodes in their order. */
function expandCounts(text: string): number[] {
  return text.split(",").flatMap(item => {
    const [, count, times = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(item.trim()) ?? [];
    if (count === undefined) {
      throw new UsageError(`SLURM_TASKS_PER_NODE expects numbers such as 4(x2),1; ${text} came`);
    }
    return new Array<number>(Number(times)).fill(Number(count));
  });
}

/** Numbers of the steps in which Slurm itself runs a batch script, and the shell of salloc on the first node. */
const OWN_STEPS = new Set(["4294967291", "4294967290"]);

/** Whether srun has started this process: it is one among others, whose nodes are not its own. */
export function isSlurmTask({ SLURM_STEP_ID }: NodeJS.ProcessEnv): boolean {
  return SLURM_STEP_ID !== undefined && !OWN_STEPS.has(SLURM_STEP_ID);
}

/** The nodes of the present job and how many tasks each is meant for; undefined outside of Slurm. */
export function slurmAllocation(environment: NodeJS.ProcessEnv): Allocation | undefined {
  const { SLURM_JOB_ID, SLURM_JOB_NODELIST } = environment;
  if (SLURM_JOB_ID === undefined || !SLURM_JOB_NODELIST) return undefined;
  const names = expandNames(SLURM_JOB_NODELIST, "SLURM_JOB_NODELIST");
  const counts = expandCounts(environment.SLURM_TASKS_PER_NODE ?? `1(x${names.length})`);
  const tasks = environment.SLURM_NTASKS ?? environment.SLURM_NPROCS;
  return {
    hosts: names.map((name, index) => ({ name, slots: Math.max(1, counts[index] ?? 1) })),
    tasks: tasks === undefined ? undefined : Number(tasks),
  };
}
