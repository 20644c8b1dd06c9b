/**
 * Writes the text of a kernel in PTX (NVIDIA, "Parallel Thread Execution ISA"), in its lowest form that every GPU from
 * Maxwell on and every driver since CUDA 10.1 compiles.
 */
import { type Grouping, single } from "./groups.ts";

export type Type = "u32" | "u64" | "f32" | "f64";

/** Threads of a block in all kernels of tsmpi. */
export const blockThreads = 256;

/** Registers are named by a letter for their kind, and a number. */
const letters = { pred: "p", b16: "h", b32: "r", b64: "d", f32: "f", f64: "g" } as const;

export type Kind = keyof typeof letters;

export class Kernel {
  readonly name: string;
  private readonly parameters: [name: string, type: Type][] = [];
  private readonly counts = new Map<Kind, number>();
  private readonly lines: string[] = [];
  private readonly declarations: string[] = [];
  private readonly tables = new Map<string, readonly bigint[]>();
  private labels = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** A register of its own. */
  register(kind: Kind): string {
    const number = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, number);
    return `%${letters[kind]}${number}`;
  }

  emit(...instructions: string[]): void {
    for (const instruction of instructions) this.lines.push(`  ${instruction};`);
  }

  /** `opcode target, operands`, into a new register. */
  make(kind: Kind, opcode: string, ...operands: (string | number)[]): string {
    const target = this.register(kind);
    this.emit(`${opcode} ${[target, ...operands].join(", ")}`);
    return target;
  }

  newLabel(): string {
    return `L${++this.labels}`;
  }

  label(name: string): void {
    this.lines.push(`${name}:`);
  }

  /** Words that every thread can read (`ld.const`), by name. */
  table(name: string, words: () => readonly bigint[]): void {
    if (!this.tables.has(name)) this.tables.set(name, words());
  }

  shared(name: string, bytes: number): void {
    this.declarations.push(`  .shared .align 8 .b8 ${name}[${bytes}];`);
  }

  /** Declares a parameter, in the order of the calls, and loads it. */
  parameter(name: string, type: Type): string {
    this.parameters.push([name, type]);
    const kind = type === "u32" ? "b32" : type === "u64" ? "b64" : type;
    return this.make(kind, `ld.param.${type}`, `[${name}]`);
  }

  /** Address of element `index` (a 64-bit register) of `bytes` bytes behind `base`. */
  at(base: string, index: string, bytes: number): string {
    const offset = this.make("b64", "mul.lo.u64", index, bytes);
    return this.make("b64", "add.u64", base, offset);
  }

  /** The whole quotient of unsigned integers and what remains, by one division: that takes many instructions. */
  divided(type: "u32" | "u64", value: string, by: string): { quotient: string; rest: string } {
    const kind = type === "u32" ? "b32" : "b64";
    const quotient = this.make(kind, `div.${type}`, value, by);
    const product = this.make(kind, `mul.lo.${type}`, quotient, by);
    return { quotient, rest: this.make(kind, `sub.${type}`, value, product) };
  }

  /** Number of this thread among all of the launch, and how many there are. */
  thread(): { index: string; total: string } {
    const block = this.make("b32", "mov.u32", "%ctaid.x");
    const width = this.make("b32", "mov.u32", "%ntid.x");
    const lane = this.make("b32", "mov.u32", "%tid.x");
    const blocks = this.make("b32", "mov.u32", "%nctaid.x");
    const start = this.make("b64", "mul.wide.u32", block, width);
    const within = this.make("b64", "cvt.u64.u32", lane);
    return {
      index: this.make("b64", "add.u64", start, within),
      total: this.make("b64", "mul.wide.u32", blocks, width),
    };
  }

  /**
   * Repeats `body` for each index below `count` that is this thread's turn, so that any grid covers any count; a turn is
   * of `lanes` neighbours, of which `body` gets the first.
   */
  stride(count: string, body: (index: string) => void, lanes = 1): void {
    const { index, total } = this.thread();
    const first = this.make("b64", "mul.lo.u64", index, lanes);
    this.loop("u64", first, count, this.make("b64", "mul.lo.u64", total, lanes), body);
  }

  /**
   * The same for all indices below `count`, by groups of neighbours. `body` is written for whole groups, without a test
   * in between, and for one element: of those left over in the end a thread has one at most.
   */
  strideByGroups(count: string, grouping: Grouping, body: (index: string, group: Grouping) => void): void {
    const { lanes } = grouping;
    if (lanes === 1) {
      this.stride(count, index => body(index, single));
      return;
    }
    const grouped = this.make("b64", "and.b64", count, -lanes);
    this.stride(grouped, index => body(index, grouping), lanes);
    const index = this.make("b64", "add.u64", grouped, this.thread().index);
    const beyond = this.make("pred", "setp.ge.u64", index, count);
    const end = this.newLabel();
    this.emit(`@${beyond} bra ${end}`);
    body(index, single);
    this.label(end);
  }

  /** Repeats `body` for each number below `count` (u32) that is this block's turn: all its threads do alike. */
  strideByBlocks(count: string, body: (number: string) => void): void {
    const first = this.make("b32", "mov.u32", "%ctaid.x");
    this.loop("u32", first, count, this.make("b32", "mov.u32", "%nctaid.x"), body);
  }

  /** `first`, which is changed, and every `step`-th after it below `count`. */
  private loop(
    type: "u32" | "u64",
    first: string,
    count: string,
    step: string,
    body: (index: string) => void,
  ): void {
    const done = this.register("pred");
    const [again, end] = [this.newLabel(), this.newLabel()];
    this.label(again);
    this.emit(`setp.ge.${type} ${done}, ${first}, ${count}`, `@${done} bra ${end}`);
    body(first);
    this.emit(`add.${type} ${first}, ${first}, ${step}`, `bra ${again}`);
    this.label(end);
  }

  /** The text, complete. */
  toString(): string {
    const registers = [...this.counts].map(
      ([kind, count]) => `  .reg .${kind} %${letters[kind]}<${count + 1}>;`,
    );
    const parameters = this.parameters.map(([name, type]) => `.param .${type} ${name}`);
    const tables = [...this.tables].map(
      ([name, words]) => `.const .align 8 .u64 ${name}[${words.length}] = {${words.join(", ")}};`,
    );
    return [
      ".version 6.4",
      ".target sm_50",
      ".address_size 64",
      ...tables,
      `.visible .entry ${this.name}(${parameters.join(", ")})`,
      "{",
      ...registers,
      ...this.declarations,
      ...this.lines,
      "  ret;",
      "}",
      "",
    ].join("\n");
  }
}

/** A float32 as PTX writes it exactly. */
export function f32(value: number): string {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  return `0f${bits.getUint32(0).toString(16).padStart(8, "0").toUpperCase()}`;
}

/** A float64 as PTX writes it exactly. */
export function f64(value: number): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return `0d${bits.getBigUint64(0).toString(16).padStart(16, "0").toUpperCase()}`;
}
