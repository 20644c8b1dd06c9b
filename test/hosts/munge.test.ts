/**
 * How tasks of srun find one another without PMI-2, on ports of this machine, with a command in munge's place that now and
 * then fails, as the real one does when its service is busy. The real one: srun.test.ts.
 */
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { ownAddresses } from "../../launcher/hosts/addresses.ts";
import { meetByMunge } from "../../launcher/step/munge.ts";
import { folderWith, removeFolders } from "../launcher/helpers.ts";

const PATH = process.env.PATH!;
/** Puts the secret into a word; after the first call every second one fails. */
const MUNGE = `#!/bin/sh
echo >> "$0.calls"
[ $(($(wc -l < "$0.calls") % 2)) = 1 ] && exec base64 -w 0
echo "munge: Error: no answer" >&2
exit 1
`;
const UNMUNGE = `#!/bin/sh
printf 'STATUS: Success (0)\\nUID: somebody (%s)\\n\\n' "$(id -u)"
exec base64 -d
`;

/** Alike in task 0 and the others: follows from the numbers of job and step. */
function firstPort(step: string): number {
  let hash = 0;
  for (const letter of step) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  return 20_000 + (hash % 10_000);
}

describe("tasks that find one another by munge", function () {
  this.timeout(60_000);
  const open: Server[] = [];
  const sockets: Socket[] = [];
  let jobs = process.pid;

  beforeEach(() => {
    const folder = folderWith({ munge: MUNGE, unmunge: UNMUNGE });
    for (const name of ["munge", "unmunge"]) chmodSync(join(folder, name), 0o755);
    process.env.PATH = `${folder}:${PATH}`;
  });

  afterEach(() => {
    process.env.PATH = PATH;
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of open.splice(0)) server.close();
  });

  after(removeFolders);

  function tasksOf(job: number, size: number): Promise<{ rank: number; cards: string[] }[]> {
    const tasks = Array.from({ length: size }, (_, rank) =>
      meetByMunge(
        {
          SLURM_JOB_ID: String(job),
          SLURM_STEP_ID: "0",
          SLURM_PROCID: String(rank),
          SLURM_STEP_NUM_TASKS: String(size),
          SLURM_STEP_NODELIST: "localhost",
          SLURMD_NODENAME: "localhost",
        },
        of => Promise.resolve(`card ${of} of ${size}`),
        ownAddresses(undefined).list,
      ),
    );
    return Promise.all(tasks);
  }

  /** Takes the port that tasks of a job would take first, and does nothing with who comes. */
  function squat(job: number): Promise<boolean> {
    const server = createServer(socket => void sockets.push(socket.on("error", () => {})));
    open.push(server);
    return new Promise(resolve => {
      server.on("error", () => resolve(false));
      server.listen(firstPort(`${job}.0`), () => resolve(true));
    });
  }

  it("should meet though credentials cannot always be made", async () => {
    const size = 6;
    const cards = Array.from({ length: size }, (_, rank) => `card ${rank} of ${size}`);
    const met = await tasksOf(jobs++, size);
    expect(met).to.deep.equal(cards.map((_, rank) => ({ rank, cards })));
  });

  it("should meet though somebody who says nothing has their port", async () => {
    while (!(await squat(jobs))) jobs++;
    const met = await tasksOf(jobs++, 2);
    expect(met[1].cards).to.deep.equal(["card 0 of 2", "card 1 of 2"]);
  });
});
