/** By which addresses other hosts may reach this one. */
import { BlockList } from "node:net";
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from "node:os";

export interface OwnAddresses {
  hostname: string;
  list: string[];
  /** What is wrong with the network that was asked for. */
  problem: string | undefined;
}

/** Networks that containers and virtual machines of one host have among themselves; no other host is there. */
const INNER = /^(docker|virbr|br-|veth|lxc|cni|flannel|podman)/;

function inNetwork(address: NetworkInterfaceInfo, network: string): boolean {
  const [prefix, bits] = network.split("/");
  const family = prefix.includes(":") ? "ipv6" : "ipv4";
  if (address.family.toLowerCase() !== family) return false;
  const list = new BlockList();
  list.addSubnet(prefix, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  return list.check(address.address, family);
}

/** @param network name of an interface, or a network such as 10.0.0.0/8; undefined: any */
export function ownAddresses(network: string | undefined, interfaces = networkInterfaces()): OwnAddresses {
  const found: { name: string; info: NetworkInterfaceInfo }[] = [];
  for (const [name, infos = []] of Object.entries(interfaces)) {
    for (const info of infos) if (!info.address.startsWith("fe80:")) found.push({ name, info });
  }
  const own = hostname();
  if (network !== undefined) {
    let chosen: typeof found;
    try {
      const isNetwork = /^[\da-fA-F.:]+(\/\d+)?$/.test(network) && /[.:/]/.test(network);
      chosen = found.filter(({ name, info }) => (isNetwork ? inNetwork(info, network) : name === network));
    } catch {
      return {
        hostname: own,
        list: [],
        problem: `--iface expects an interface or a network; ${network} came`,
      };
    }
    const has = found.map(({ name, info }) => `${name} (${info.address})`).join(", ");
    const problem =
      chosen.length > 0 ? undefined : `has no interface or network ${network} (--iface); it has ${has}`;
    return { hostname: own, list: chosen.map(({ info }) => info.address), problem };
  }
  const rank = (entry: (typeof found)[number]): number =>
    (entry.info.internal ? 4 : 0) + (INNER.test(entry.name) ? 2 : 0) + (entry.info.family === "IPv6" ? 1 : 0);
  const outside = found.filter(({ info }) => !info.internal);
  // A machine without any network still has itself.
  const usable = outside.length > 0 ? outside : found;
  usable.sort((a, b) => rank(a) - rank(b));
  return { hostname: own, list: usable.map(({ info }) => info.address), problem: undefined };
}
