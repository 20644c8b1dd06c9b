/**
 * Says where inside a value the part is that cannot be sent. The encoder keeps no path while it works: when it
 * gives up, this walks the value again, in the same order, so that a path costs nothing until it is needed.
 */

import { NotSendableError } from "../errors.ts";
import { detachedRefusal, isDetached } from "./detached.ts";
import { errorParts } from "./error-values.ts";
import { MAX_DEPTH } from "./format.ts";
import * as kinds from "./kinds.ts";

/** Thrown by the encoder: the value cannot be sent. */
export class Refusal extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

interface Place {
  readonly value: unknown;
  readonly step: string;
  readonly parent: Place | undefined;
  readonly depth: number;
}

/** The error for a value that the encoder refused. */
export function notSendable(value: unknown, refusal: Refusal): NotSendableError {
  const found = search(value);
  const path = found === undefined ? "value" : pathTo(found.place);
  return new NotSendableError(`cannot send ${shorten(path)}: ${found?.reason ?? refusal.reason}`, path);
}

function search(value: unknown): { place: Place; reason: string } | undefined {
  const visited = new Set<object>();
  const open: Place[] = [{ value, step: "value", parent: undefined, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (typeof place.value === "object" && place.value !== null) {
      if (visited.has(place.value)) continue;
      visited.add(place.value);
    }
    const reason = reasonAgainst(place);
    if (reason !== undefined) return { place, reason };
    const parts = partsOf(place);
    for (let i = parts.length - 1; i >= 0; i--) open.push(parts[i]);
  }
  return undefined;
}

function reasonAgainst({ value, depth }: Place): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return kinds.primitiveRefusal(value);
  if (typeof value !== "object" || value === null) return undefined;
  const kind = kindOf(value);
  if (typeof kind === "string") return kind;
  if (kind === kinds.BUFFER || kind === kinds.VIEW) {
    const buffer = ArrayBuffer.isView(value) ? value.buffer : (value as ArrayBuffer);
    return isDetached(buffer) ? detachedRefusal : undefined;
  }
  const isContainer =
    kind === kinds.PLAIN || kind === kinds.MAP || kind === kinds.SET || kind === kinds.ERROR;
  return isContainer && depth >= MAX_DEPTH ? kinds.tooDeepRefusal(MAX_DEPTH) : undefined;
}

function kindOf(value: object): kinds.Kind {
  return Array.isArray(value) ? kinds.PLAIN : kinds.kindOf(value, Object.getPrototypeOf(value));
}

function partsOf(place: Place): Place[] {
  const { value } = place;
  const parts: Place[] = [];
  if (typeof value !== "object" || value === null) return parts;
  const add = (step: string, part: unknown) => {
    parts.push({ value: part, step, parent: place, depth: place.depth + 1 });
  };
  const kind = kindOf(value);
  if (kind === kinds.MAP) {
    let i = 0;
    for (const [key, item] of value as Map<unknown, unknown>) {
      const isPlain = typeof key !== "object" && typeof key !== "function" && typeof key !== "symbol";
      add(`[Map key ${i}]`, key);
      add(isPlain ? `.get(${literal(key)})` : `[Map value ${i}]`, item);
      i++;
    }
  } else if (kind === kinds.SET) {
    let i = 0;
    for (const item of value as Set<unknown>) add(`[Set item ${i++}]`, item);
  } else if (kind === kinds.ERROR) {
    for (const [key, part] of Object.entries(errorParts(value as Error))) add(property(key), part);
  } else if (kind === kinds.PLAIN) {
    for (const key of Object.keys(value)) {
      const isIndex = Array.isArray(value) && String(Number(key) >>> 0) === key;
      if (isIndex) add(`[${key}]`, (value as never)[key]);
      else if (!Array.isArray(value)) add(property(key), read(value, key));
    }
  }
  return parts;
}

/** A getter that throws or changes its mind is no reason to lose the error. */
function read(object: object, key: string): unknown {
  try {
    return (object as { [key: string]: unknown })[key];
  } catch {
    return undefined;
  }
}

function literal(key: unknown): string {
  if (typeof key === "string") return JSON.stringify(key);
  return typeof key === "bigint" ? `${key}n` : Object.is(key, -0) ? "-0" : String(key);
}

function property(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function pathTo(place: Place): string {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(at.step);
  return steps.reverse().join("");
}

function shorten(path: string): string {
  return path.length > 300 ? `${path.slice(0, 140)} ... ${path.slice(-140)}` : path;
}
