/** Lists of hosts as people and schedulers write them. */
import { isIPv6 } from "node:net";
import { UsageError } from "../usage-error.ts";

export interface HostSlots {
  name: string;
  /** Ranks that it is meant for. */
  slots: number;
}

const MAX_HOSTS = 65_536;
const MAX_SLOTS = 1_000_000;

/** Begins with no "-", for it becomes a word of a command. */
const NAME = /^([A-Za-z0-9_.-]+@)?([A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9a-fA-F:.%a-z]+\])$/;

/** @param where in messages: the option or file that names the host */
function checkName(name: string, where: string): string {
  if (!NAME.test(name) || name.startsWith("-")) {
    const advice = isIPv6(name) ? `; an address of IPv6 stands in brackets: [${name}]` : "";
    throw new UsageError(`${where} expects names of hosts, and ${JSON.stringify(name)} is none${advice}`);
  }
  return name;
}

function checkSlots(text: string, where: string): number {
  const slots = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (slots < 1 || slots > MAX_SLOTS) {
    throw new UsageError(
      `${where} expects a number of slots from 1 to ${MAX_SLOTS}; ${text === "" ? "nothing" : text} came`,
    );
  }
  return slots;
}

/** Splits at commas that stand outside of brackets. */
function splitList(text: string): string[] {
  return text.split(/,(?![^[\]]*\])/);
}

/** "n[001-003,7]-ib" as its names; a number keeps the width that it is written with. */
function expand(pattern: string, where: string): string[] {
  // Not [::1], an address.
  const [, before, inside, after] = /^([^[\]]*)\[([\d,-]*)\](.*)$/s.exec(pattern) ?? [];
  if (inside === undefined) return [pattern];
  const names: string[] = [];
  for (const range of inside.split(",")) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    const count = Number(last) - Number(first) + 1;
    if (first === undefined || count < 1) {
      throw new UsageError(`${where} expects ranges such as n[001-128,200], and [${inside}] came`);
    }
    if (names.length + count > MAX_HOSTS) {
      throw new UsageError(`${where} expects at most ${MAX_HOSTS} hosts, and ${pattern} is more`);
    }
    for (let i = 0; i < count; i++) names.push(String(Number(first) + i).padStart(first.length, "0"));
  }
  const ends = expand(after, where);
  return names.flatMap(name => ends.map(end => before + name + end));
}

/** The names in "h[1-3,7],x01", Slurm's form. */
export function expandNames(text: string, where: string): string[] {
  return splitList(text).flatMap(pattern => expand(pattern, where).map(name => checkName(name, where)));
}

/** "a:4" as its name and slots, undefined unless said. */
function splitSlots(item: string, where: string): [pattern: string, slots: number | undefined] {
  if (isIPv6(item)) return [item, undefined];
  const [, pattern, slots] = /^(.*?)(?::([^:\]]*))?$/s.exec(item)!;
  return [pattern, slots === undefined ? undefined : checkSlots(slots, where)];
}

function slotsOf(pattern: string, slots: number, where: string): HostSlots[] {
  return expand(pattern, where).map(name => ({ name: checkName(name, where), slots }));
}

/** `--hosts a:4,b:4,n[001-128]:2`; a host without a number has one slot. */
export function parseHosts(text: string, where: string): HostSlots[] {
  return splitList(text).flatMap(item => {
    const [pattern, slots = 1] = splitSlots(item, where);
    return slotsOf(pattern, slots, where);
  });
}

/** A file with a host a line, as Open MPI has it, "name slots=4 max_slots=8 # a comment", or MPICH, "name:4". */
export function parseHostFile(text: string, path: string): HostSlots[] {
  const hosts: HostSlots[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const where = `${path}:${index + 1}`;
    const [host, ...settings] = line
      .replace(/#.*/, "")
      .replaceAll(/\s*=\s*/g, "=")
      .split(/\s+/)
      .filter(word => word !== "");
    if (host === undefined) continue;
    // Here no slots can be meant by what follows a colon of such an address.
    let [pattern, slots] = isIPv6(host) ? [`[${host}]`, undefined] : splitSlots(host, where);
    for (const setting of settings) {
      const [name, value = ""] = setting.split("=");
      if (name === "slots" && slots === undefined) slots = checkSlots(value, where);
      // Open MPI's limit for more ranks than slots, of which there is none here.
      else if (name !== "max_slots" && name !== "max-slots") {
        throw new UsageError(`${where} expects "host slots=N", and ${setting} came`);
      }
    }
    hosts.push(...slotsOf(pattern, slots ?? 1, where));
  }
  if (hosts.length === 0)
    throw new UsageError(`--hostfile expects a file that names hosts, and ${path} names none`);
  return hosts;
}

/** Adds up what is said of one host in several places. */
export function mergeHosts(hosts: readonly HostSlots[]): HostSlots[] {
  const slots = new Map<string, number>();
  for (const host of hosts) slots.set(host.name, (slots.get(host.name) ?? 0) + host.slots);
  return [...slots].map(([name, number]) => ({ name, slots: number }));
}
