/** tsmpi/parallel on two hosts with a network of their own: the results of one host, from ranks of both. */
import { join } from "node:path";
import { expect } from "chai";
import { type Launched, launch } from "../launch.ts";
import { Cluster } from "./cluster.ts";

const PROGRAM = join(import.meta.dirname, "programs", "parallel.ts");

/** What the program prints. */
interface Printed {
  values: unknown;
  /** Of each part, the hosts that have run tasks. */
  hosts: string[][];
  /** What each rank's host has received while a large argument was used, as a multiple of its size. */
  copies: number[];
}

function printedBy({ code, stdout, stderr }: Launched): Printed {
  expect(code, `${stdout}${stderr}`).to.equal(0);
  return JSON.parse(stdout);
}

describe("maps and pools on two hosts", function () {
  this.timeout(240_000);
  const cluster = new Cluster();
  let onOne: Printed;

  before(async function () {
    cluster.up(this, 2);
    onOne = printedBy(await launch(["-n", "2", PROGRAM]));
  });

  after(() => cluster.down());

  for (const by of ["slot", "node"]) {
    it(`should give the results of one host, by ranks of both (--map-by ${by})`, async () => {
      const options = ["--hosts", "h1:2,h2:2", "--map-by", by];
      const { values, hosts, copies } = printedBy(await cluster.launch([...options, PROGRAM]));
      expect(values).to.deep.equal(onOne.values);
      expect(hosts).to.deep.equal(new Array(4).fill(["h1", "h2"]));
      // The array went to the second host, once for its two workers, and not with each of 120 tasks.
      expect(Math.max(...copies)).to.be.within(1, 1.5);
    });
  }
});
