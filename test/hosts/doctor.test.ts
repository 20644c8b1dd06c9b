import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ownAddresses } from "../../launcher/hosts/addresses.ts";
import { RemoteHost } from "../../launcher/hosts/remote-host.ts";
import { LocalAgent } from "../../launcher/hosts/transport.ts";
import { parseEndpoint } from "../../src/gateway/wire.ts";
import { packageRoot } from "../launch.ts";
import { until } from "../launcher/helpers.ts";
import { Cluster } from "./cluster.ts";
import { ProgramFolder } from "./program-folder.ts";

const tool = join(packageRoot, "dist", "tsmpi.js");

function doctor(...args: string[]) {
  return spawnSync(process.execPath, [tool, "doctor", ...args], { encoding: "utf8", timeout: 60_000 });
}

describe("tsmpi doctor", () => {
  it("should examine this machine", () => {
    const { status, stdout } = doctor();
    expect(stdout).to.match(
      /^this machine: Node [\d.]+, tsmpi [\d.]+, \d+ cores?( \(\d+ physical\))?, [\d.]+ GiB free, ranks use shared memory, (no )?direct copies, BLAS: .+, GPU: .+\n/,
    );
    expect(stdout).to.match(/\na job can run\n$/);
    expect(status).to.equal(0);
  });

  it("should examine hosts behind an agent, and name what to mend first", () => {
    const { status, stdout } = doctor(
      "--hosts",
      "a,b,c",
      "--agent",
      "sh -c 'test {host} != b && exec \"$@\"' sh",
    );
    expect(stdout)
      .to.match(/^a: Node /m)
      .and.to.match(/^c: Node /m);
    expect(stdout).to.match(/^wrong: b: sh ended with code 1; try: sh -c 'test b != b .*' sh true$/m);
    expect(stdout).to.match(/\nmend this first: b: sh ended with code 1; try: .*\n$/);
    expect(status).to.equal(1);
  });

  for (const [args, complaint] of [
    [["x.ts"], "takes options only, and x.ts came"],
    [["--hosts", "a b"], "expects names of hosts"],
    [["--hostfile", "/no/such"], "--hostfile expects a file"],
    [["--help"], "takes --hosts"],
  ] as const) {
    it(`should refuse ${args.join(" ")}`, () => {
      const { status, stderr } = doctor(...args);
      expect(stderr).to.include(complaint);
      expect(status).to.equal(2);
    });
  }

  describe("on hosts reached by ssh", function () {
    this.timeout(120_000);
    const cluster = new Cluster();
    const programs = new ProgramFolder();

    before(function () {
      cluster.up(this, 3);
    });

    after(() => {
      cluster.down();
      programs.remove();
    });

    function onH0(...args: string[]): string {
      // Its exit code does not matter here.
      return cluster.on("h0", "sh", "-c", '"$@" || true', "sh", process.execPath, tool, "doctor", ...args);
    }

    it("should find nothing wrong with hosts in order", () => {
      const file = join(programs.path, "hosts");
      writeFileSync(file, "h1 slots=4\nh2 slots=4\nh3 slots=4\n");
      const out = onH0("--hostfile", file);
      for (const name of ["h1", "h2", "h3"])
        expect(out).to.match(new RegExp(`^${name}: Node .*shared memory`, "m"));
      expect(out).to.match(/^a job can run\n$/m);
      expect(out).to.not.include("wrong");
    });

    it("should find hosts that do not reach each other", () => {
      cluster.control("cut", "h1", "h2");
      const out = onH0("--hosts", "h1,h2,h3");
      cluster.control("heal");
      expect(out).to.match(/^wrong: h1 does not reach h2 at 10\.77\.0\.3:\d+; open TCP ports/m);
      expect(out).to.match(/^wrong: h2 does not reach h1 at 10\.77\.0\.2:\d+; /m);
      expect(out).to.not.match(/h3 does not|reach h3/);
      expect(out).to.match(/^mend this first: h[12] does not reach/m);
    });

    it("should let hosts listen in the wanted network only, and no longer than they are tried", async () => {
      const other = ["10.88.0.2/24", "dev", "eth0"];
      cluster.on("h1", "ip", "addr", "add", ...other);
      for (const [network, expected] of [
        ["10.77.0.0/16", ["10.77.0.2"]],
        [undefined, ["10.77.0.2", "10.88.0.2"]],
      ] as const) {
        const command = cluster.agent("h1", process.execPath, tool, "daemon");
        const transport = new LocalAgent(command);
        const host = new RemoteHost({
          name: "h1",
          command,
          transport,
          linkTimeoutSeconds: 60,
          onErrors: () => {},
        });
        const { target } = await host.ask({ kind: "listen", network }, "listening");
        expect(cluster.listening("h1").sort()).to.deep.equal([...target.endpoints].sort());
        expect(target.endpoints.map(endpoint => parseEndpoint(endpoint).host).sort()).to.deep.equal(expected);
        await host.close();
        expect(await until(() => cluster.listening("h1").length === 0)).to.equal(true);
      }
      cluster.on("h1", "ip", "addr", "del", ...other);
    });

    it("should find another version and a network that is missing", () => {
      const instead = join(programs.path, "package.json");
      writeFileSync(instead, '{ "version": "0.0.7" }');
      cluster.on("h3", "mount", "--bind", instead, join(packageRoot, "package.json"));
      const out = onH0("--hosts", "h1,h3");
      cluster.on("h3", "umount", join(packageRoot, "package.json"));
      expect(out).to.match(
        /^wrong: h3: has tsmpi 0\.0\.7, and here is [\d.]+; install the same version there$/m,
      );
      expect(onH0("--hosts", "h1,h2", "--iface", "eth7")).to.match(
        /^wrong: h1: has no interface or network eth7/m,
      );
    });
  });
});

describe("the addresses of a host", () => {
  const of = (address: string, internal = false) => ({
    address,
    internal,
    family: address.includes(":") ? ("IPv6" as const) : ("IPv4" as const),
    netmask: "",
    mac: "",
    cidr: null,
    scopeid: 0,
  });
  const interfaces = {
    lo: [of("127.0.0.1", true)],
    docker0: [of("172.17.0.1")],
    eth0: [of("fd00::7"), of("10.1.2.3"), of("fe80::1")],
    ib0: [of("192.168.9.3")],
  };

  it("should be in the order of their promise, none of them local", () => {
    expect(ownAddresses(undefined, interfaces).list).to.deep.equal([
      "10.1.2.3",
      "192.168.9.3",
      "fd00::7",
      "172.17.0.1",
    ]);
  });

  it("should be those of one interface or network when asked for", () => {
    expect(ownAddresses("ib0", interfaces).list).to.deep.equal(["192.168.9.3"]);
    expect(ownAddresses("10.0.0.0/8", interfaces).list).to.deep.equal(["10.1.2.3"]);
    expect(ownAddresses("fd00::/8", interfaces).list).to.deep.equal(["fd00::7"]);
  });

  it("should be the machine itself where there is no network", () => {
    expect(ownAddresses(undefined, { lo: interfaces.lo }).list).to.deep.equal(["127.0.0.1"]);
  });

  it("should not be guessed when the network is missing", () => {
    expect(ownAddresses("eth9", interfaces).problem).to.include(
      "has no interface or network eth9 (--iface); it has lo",
    );
    expect(ownAddresses("10.0.0.0/99", interfaces).problem).to.include("expects an interface or a network");
  });
});
