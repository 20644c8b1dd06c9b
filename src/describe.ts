import { isTypedArray } from "./codec/dtype.ts";

/** What a value is, in the few words that an error message needs: `Float64Array(3)`, `a string ("abc")`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return `a string (${JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}...` : value)})`;
    case "number":
    case "boolean":
      return `a ${typeof value} (${value})`;
    case "bigint":
      return `a bigint (${value}n)`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
  }
  if (value === null) return "null";
  if (isTypedArray(value)) return describeArray(value[Symbol.toStringTag], value.length);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const name = (value as object).constructor?.name;
  return name === undefined || name === "Object" ? "an object" : `an object of class ${name}`;
}

export function describeArray(type: string, length: number): string {
  return `${type}(${length})`;
}
