/** Tells what an object is, and why some cannot be sent. Arrays and plain objects never come here. */

import { EventEmitter } from "node:events";
import { types } from "node:util";
import { withArticle } from "../article.ts";

export const PLAIN = 0;
export const DATE = 1;
export const MAP = 2;
export const SET = 3;
export const ERROR = 4;
export const REGEXP = 5;
export const BOXED = 6;
export const BUFFER = 7;
export const VIEW = 8;

/** One of the above, or a sentence that says why the object cannot be sent. */
export type Kind = number | string;

// A fake such as Object.create(Map.prototype) has the prototype but not the brand, hence a test for each.
const tests: ((object: object) => boolean)[] = [
  object => !types.isProxy(object),
  types.isDate,
  types.isMap,
  types.isSet,
  object => types.isNativeError(object) || object instanceof Error,
  types.isRegExp,
  object => types.isBoxedPrimitive(object) && !types.isSymbolObject(object),
  types.isArrayBuffer,
  object => ArrayBuffer.isView(object),
];

// What objects with a prototype turned out to be: the tests cost 14 ns each.
const kinds = new WeakMap<object, number>([
  [Date.prototype, DATE],
  [Map.prototype, MAP],
  [Set.prototype, SET],
  [RegExp.prototype, REGEXP],
  [ArrayBuffer.prototype, BUFFER],
]);

/** What inherits from these is plain only by itself: the next object with its prototype may be a real one. */
const branded: readonly { readonly prototype: object }[] = [
  Date,
  Map,
  Set,
  RegExp,
  Number,
  String,
  Boolean,
  BigInt,
  Symbol,
  ArrayBuffer,
  SharedArrayBuffer,
  DataView,
  Object.getPrototypeOf(Uint8Array),
];

/** Whether an object that turned out to be plain has the prototype of what is not. */
function isFake(object: object): boolean {
  return branded.some(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, object));
}

/** The kind of an object whose prototype is `prototype`. */
export function kindOf(object: object, prototype: object | null): Kind {
  if (prototype === null) return nullPrototype(object);
  const guess = kinds.get(prototype);
  if (guess !== undefined && tests[guess](object)) return guess;
  for (let kind = DATE; kind < tests.length; kind++) {
    if (tests[kind](object)) {
      kinds.set(prototype, kind);
      return kind;
    }
  }
  const refusal = refusalOf(object);
  if (refusal !== undefined) return refusal;
  if (guess === undefined && !isFake(object)) kinds.set(prototype, PLAIN);
  return PLAIN;
}

/** Why a value that is no object cannot be sent. */
export function primitiveRefusal(value: unknown): string {
  return typeof value === "symbol"
    ? "it is a symbol (symbols are unique to their process; send a string)"
    : "it is a function (functions stay in their process; send data and call the function on the receiving rank)";
}

export const tooDeepRefusal = (limit: number) =>
  `it is nested more than ${limit} levels deep (send the items of a long linked list as an array)`;

function nullPrototype(object: object): Kind {
  // The tag first, because it is cheap and dictionaries without a prototype are common.
  return Symbol.toStringTag in object && types.isModuleNamespaceObject(object)
    ? "it is a module (send the values that it exports)"
    : PLAIN;
}

// Objects of these classes keep what matters out of reach: as plain objects they would arrive empty. By name,
// since most of them are loaded only when a program asks for them, and by tag, which subclasses inherit.
const opaque = new Set([
  "AbortController",
  "Atomics.WaitAsync",
  "Blob",
  "BroadcastChannel",
  "CompressionStream",
  "CryptoKey",
  "DecompressionStream",
  "DeviceArray",
  "File",
  "FinalizationRegistry",
  "FormData",
  "Generator",
  "AsyncGenerator",
  "Headers",
  "KeyObject",
  "MessagePort",
  "Promise",
  "ReadableStream",
  "Request",
  "Response",
  "TransformStream",
  "URL",
  "URLSearchParams",
  "WeakMap",
  "WeakRef",
  "WeakSet",
  "WritableStream",
]);

const advice: { [name: string]: string | undefined } = {
  DeviceArray:
    "its elements are on a GPU; use the communicator that over of tsmpi/cuda makes, or download it",
  Promise: "await it and send the result",
  URL: "send its href",
  URLSearchParams: "send it as a string",
  Generator: "send the items as an array",
  AsyncGenerator: "send the items as an array",
};

function refusalOf(object: object): string | undefined {
  if (types.isProxy(object)) return "it is a Proxy (send a plain copy of what it stands for)";
  if (types.isSharedArrayBuffer(object)) {
    return "it is a SharedArrayBuffer (send a typed array over it: its contents are copied)";
  }
  if (types.isSymbolObject(object)) return primitiveRefusal(object.valueOf());
  if (types.isExternal(object)) return "it is a native object (it belongs to its process)";
  const { [Symbol.toStringTag]: ownTag } = object as { [Symbol.toStringTag]?: unknown };
  const tag = typeof ownTag === "string" ? ownTag : "";
  const name = nameOf(object, tag);
  const belongs = advice[tag] ?? "it belongs to its process; send the data it holds";
  if (opaque.has(tag) || opaque.has(name) || /Iterator$|^Intl\.|^WebAssembly\./.test(tag)) {
    return `it is ${withArticle(name)} (${belongs})`;
  }
  if (object instanceof EventEmitter || object instanceof EventTarget) {
    return `it is ${withArticle(name)}, which sends or receives events (${belongs})`;
  }
  return undefined;
}

function nameOf(object: object, tag: string): string {
  const { constructor: maker } = object;
  return typeof maker === "function" && maker !== Object && maker.name !== "" ? maker.name : tag;
}
