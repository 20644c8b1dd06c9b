import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseArguments } from "../../launcher/arguments.ts";
import { chooseHosts, isThisHost, placeRanks } from "../../launcher/hosts/choose-hosts.ts";
import {
  expandNames,
  type HostSlots,
  mergeHosts,
  parseHostFile,
  parseHosts,
} from "../../launcher/hosts/host-list.ts";
import { slurmAllocation } from "../../launcher/hosts/slurm.ts";
import type { JobOptions } from "../../launcher/options.ts";
import { UsageError } from "../../launcher/usage-error.ts";
import { folderWith, removeFolders } from "../launcher/helpers.ts";

const text = (hosts: readonly HostSlots[]): string =>
  hosts.map(({ name, slots }) => `${name}:${slots}`).join(" ");

function options(line: string): JobOptions {
  const parsed = parseArguments([...line.split(" ").filter(word => word !== ""), "script.ts"]);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

describe("a list of hosts", () => {
  after(removeFolders);

  for (const [list, expected] of [
    ["a", "a:1"],
    ["a:4,b:2", "a:4 b:2"],
    ["a,b,a:2", "a:1 b:1 a:2"],
    ["n[1-3]", "n1:1 n2:1 n3:1"],
    ["n[008-010]:4", "n008:4 n009:4 n010:4"],
    ["n[1,3-4]-ib,x", "n1-ib:1 n3-ib:1 n4-ib:1 x:1"],
    ["r[1-2]n[1-2]:3", "r1n1:3 r1n2:3 r2n1:3 r2n2:3"],
    ["user@host.example.org:2", "user@host.example.org:2"],
    ["10.0.0.7:8", "10.0.0.7:8"],
    ["[::1]:2", "[::1]:2"],
  ]) {
    it(`should read ${list}`, () => {
      expect(text(parseHosts(list, "--hosts"))).to.equal(expected);
    });
  }

  for (const [list, complaint] of [
    ["", 'expects names of hosts, and "" is none'],
    ["a,,b", '"" is none'],
    ["a:0", "number of slots from 1"],
    ["a:x", "x came"],
    ["a:", "nothing came"],
    ["-oProxyCommand=evil", "is none"],
    ["a b", "is none"],
    ["a;reboot", "is none"],
    ["n[3-1]", "ranges such as"],
    ["n[a-b]", "is none"],
    ["n[1-99999999]", "at most 65536"],
    ["::1", "an address of IPv6 stands in brackets: [::1]"],
    ["a,fe80::1:4", "an address of IPv6 stands in brackets: [fe80::1:4]"],
  ]) {
    it(`should refuse ${JSON.stringify(list)}`, () => {
      expect(() => parseHosts(list, "--hosts")).to.throw(UsageError, complaint);
    });
  }

  it("should add up what is said of one host", () => {
    expect(text(mergeHosts(parseHosts("a:4,b,a:2", "")))).to.equal("a:6 b:1");
  });

  it("should be read from a file in Open MPI's form", () => {
    const file = "# nodes\nn01 slots=4 max_slots=8\nn02  slots = 2 # half\n\n  n[03-04]\n";
    expect(text(parseHostFile(file, "hosts"))).to.equal("n01:4 n02:2 n03:1 n04:1");
  });

  it("should be read from a file in MPICH's form, and with addresses of IPv6", () => {
    const file = "n01:4\r\nn[2-3]:2 # two\r\n::1 slots=2\n[fe80::1%eth0]:3\nroot@[::2]\n";
    expect(text(parseHostFile(file, "hosts"))).to.equal(
      "n01:4 n2:2 n3:2 [::1]:2 [fe80::1%eth0]:3 root@[::2]:1",
    );
  });

  it("should name file and line of a mistake", () => {
    expect(() => parseHostFile("a\nb slots=none\n", "my-hosts")).to.throw(
      "my-hosts:2 expects a number of slots",
    );
    expect(() => parseHostFile("a slot=3\n", "my-hosts")).to.throw(
      'my-hosts:1 expects "host slots=N", and slot=3',
    );
    expect(() => parseHostFile("a:22 slots=4\n", "my-hosts")).to.throw("my-hosts:1 expects");
    expect(() => parseHostFile("# nobody\n", "my-hosts")).to.throw("names none");
  });

  it("should be read in Slurm's form", () => {
    expect(expandNames("h[1-3,7],x01,y[01-02]", "")).to.deep.equal([
      "h1",
      "h2",
      "h3",
      "h7",
      "x01",
      "y01",
      "y02",
    ]);
  });

  it("should come from the file and the option together", () => {
    const folder = folderWith({ hosts: "a slots=2\nb\n" });
    const chosen = chooseHosts(options(`--hostfile ${join(folder, "hosts")} --hosts b:3`), {});
    expect(text(chosen!.hosts)).to.equal("b:4 a:2");
    expect(chosen).to.include({ launcher: "ssh", ranks: 6 });
  });
});

describe("the means to reach hosts", () => {
  const allocation = {
    SLURM_JOB_ID: "1",
    SLURM_JOB_NODELIST: "h[1-3]",
    SLURM_TASKS_PER_NODE: "2(x2),1",
    SLURM_NTASKS: "5",
  };

  it("should be none without hosts", () => {
    expect(chooseHosts(options(""), {})).to.equal(undefined);
  });

  it("should be the agent where there is one", () => {
    expect(chooseHosts(options("--hosts a --agent x{host}"), {})!.launcher).to.equal("exec");
  });

  it("should be slurm inside an allocation", () => {
    const chosen = chooseHosts(options(""), allocation)!;
    expect(text(chosen.hosts)).to.equal("h1:2 h2:2 h3:1");
    expect(chosen).to.include({ launcher: "slurm", ranks: 5 });
    expect(chooseHosts(options("--hosts h3,h1"), allocation)!.launcher).to.equal("slurm");
  });

  it("should be ssh for hosts outside of the allocation, and when asked for", () => {
    expect(chooseHosts(options("--hosts h3,other"), allocation)!.launcher).to.equal("ssh");
    expect(chooseHosts(options("--hosts h3 --launcher ssh"), allocation)!.launcher).to.equal("ssh");
  });

  it("should not be slurm in a task of srun, unless asked for", () => {
    const task = { ...allocation, SLURM_STEP_ID: "0" };
    expect(chooseHosts(options(""), task)).to.equal(undefined);
    expect(chooseHosts(options("--hosts h1"), task)!.launcher).to.equal("ssh");
    expect(chooseHosts(options("--launcher slurm"), task)).to.include({ launcher: "slurm", ranks: 5 });
  });

  it("should be slurm in a step of Slurm's own: the shell that salloc starts on a node, and a batch script", () => {
    for (const step of ["4294967290", "4294967291"]) {
      const chosen = chooseHosts(options(""), { ...allocation, SLURM_STEP_ID: step });
      expect(chosen).to.include({ launcher: "slurm", ranks: 5 });
    }
  });

  it("should count one task a node where Slurm says nothing", () => {
    const { hosts, tasks } = slurmAllocation({ SLURM_JOB_ID: "1", SLURM_JOB_NODELIST: "a,b" })!;
    expect(text(hosts)).to.equal("a:1 b:1");
    expect(tasks).to.equal(undefined);
  });

  for (const [line, complaint] of [
    ["--launcher ssh", "expects --hosts or --hostfile"],
    ["--launcher slurm", "SLURM_JOB_ID is not set"],
    ["--launcher exec --hosts a", "expects --agent too"],
    ["--launcher ssh --hosts a --agent x{host}", "--agent is for --launcher exec"],
    ["--hostfile /no/such/file", "--hostfile expects a file that can be read"],
  ]) {
    it(`should not be guessed for ${line}`, () => {
      expect(() => chooseHosts(options(line), {})).to.throw(UsageError, complaint);
    });
  }

  it("should know this machine by its names", () => {
    for (const name of ["localhost", "127.0.0.1", hostname()]) expect(isThisHost(name)).to.equal(true);
    expect(isThisHost("elsewhere")).to.equal(false);
  });
});

describe("the places of ranks", () => {
  const hosts = parseHosts("a:3,b:1,c:2", "");

  for (const [mapBy, ranks, expected] of [
    ["slot", 6, [0, 0, 0, 1, 2, 2]],
    ["slot", 4, [0, 0, 0, 1]],
    ["slot", 8, [0, 0, 0, 1, 2, 2, 0, 0]],
    ["node", 6, [0, 1, 2, 0, 2, 0]],
    ["node", 3, [0, 1, 2]],
    ["node", 8, [0, 1, 2, 0, 2, 0, 0, 1]],
  ] as const) {
    it(`should be ${expected.join()} for ${ranks} ranks by ${mapBy}`, () => {
      expect(placeRanks(hosts, ranks, mapBy)).to.deep.equal(expected);
    });
  }
});
