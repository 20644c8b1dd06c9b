/**
 * Errors as values.
 *
 *     ERROR = tag, base class (a byte, index into `bases`), varint count of hidden parts, key and value for each,
 *             varint count of visible parts, key and value for each
 *
 * Hidden parts are `name`, `message`, `stack`, `cause` and `errors`, where the error has them: they arrive as
 * properties that do not enumerate. Visible parts are the error's own enumerable properties, such as `code`.
 */

/** The classes that every process has; an error of another class arrives as the nearest of them. */
const bases: ErrorConstructor[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError as unknown as ErrorConstructor,
];

type Parts = { [key: string]: unknown };

/** Index of the nearest standard class. By name, because an error may come from another realm (node:vm). */
export function baseOf(error: Error): number {
  for (let at: object | null = error; at !== null; at = Object.getPrototypeOf(at)) {
    const name = Object.hasOwn(at, "constructor")
      ? (at.constructor as { name?: unknown } | undefined)?.name
      : "";
    const base = bases.findIndex(candidate => candidate.name === name);
    if (base >= 0) return base;
  }
  return 0;
}

/** The parts that do not enumerate. */
export function hiddenParts(error: Error, base: number): Parts {
  const parts: Parts = {};
  const name = nameOf(error, bases[base].name);
  if (name !== undefined) parts.name = name;
  const { message, stack } = error;
  // A message that is only inherited is the empty one of Error.prototype, or a getter's.
  if (Object.hasOwn(error, "message") || message !== "") parts.message = String(message);
  if (typeof stack === "string") parts.stack = stack;
  for (const key of ["cause", "errors"]) {
    const property = Object.getOwnPropertyDescriptor(error, key);
    if (property !== undefined && !property.enumerable) parts[key] = (error as unknown as Parts)[key];
  }
  return parts;
}

/** The error's own enumerable properties, less those that `hiddenParts` has. */
export function visibleParts(error: Error, hidden: Parts): Parts {
  const parts: Parts = Object.create(null);
  for (const key of Object.keys(error)) {
    if (!Object.hasOwn(hidden, key)) parts[key] = (error as unknown as Parts)[key];
  }
  return parts;
}

/** All parts. */
export function errorParts(error: Error): Parts {
  const hidden = hiddenParts(error, baseOf(error));
  return Object.assign(Object.create(null), hidden, visibleParts(error, hidden));
}

/** An error of the class with that index, without parts; undefined where there is no such class. */
export function createError(base: number): Error | undefined {
  if (base >= bases.length) return undefined;
  // AggregateError wants the errors first; they come later, as a part.
  const error = bases[base] === (AggregateError as unknown) ? new AggregateError([]) : new bases[base]();
  // The stack so far is the decoder's own.
  Object.defineProperty(error, "stack", { value: undefined, writable: true, configurable: true });
  return error;
}

/** Gives an error a part. */
export function setPart(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable, configurable: true });
}

/** The name where it is not the standard one; a class that sets none lends its own. */
function nameOf(error: Error, standard: string): string | undefined {
  if (typeof error.name === "string" && error.name !== standard) return error.name;
  const { name } = error.constructor ?? {};
  return typeof name === "string" && name !== "" && name !== standard ? name : undefined;
}
