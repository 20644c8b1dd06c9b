/**
 * The values that built-in operators combine when they are not given typed arrays: numbers, bigints, booleans,
 * pairs and lists of these. A kind is a phrase for error messages; only values of equal kind are combined.
 */

export interface Located<V extends number | bigint = number | bigint> {
  readonly value: V;
  readonly index: number;
}

/** Applies `pair` to two values, or to two lists item by item. */
export function mapped(pair: (left: any, right: any) => unknown): (left: any, right: any) => unknown {
  return (left, right) => {
    if (typeof left !== "object" || !Array.isArray(left)) return pair(left, right);
    return left.map((item, index) => pair(item, right[index]));
  };
}

type KindOf = (value: unknown) => string | undefined;

/** Extends `kindOfItem` to lists whose items are all of one kind. */
function orLists(kindOfItem: KindOf): KindOf {
  return value => {
    if (!Array.isArray(value)) return kindOfItem(value);
    const first = value.length === 0 ? "anything" : kindOfItem(value[0]);
    if (first === undefined || value.some(item => kindOfItem(item) !== first)) return undefined;
    return `a list of ${value.length}, each ${first}`;
  };
}

function numericItem(item: unknown): string | undefined {
  if (typeof item === "number") return "a number";
  return typeof item === "bigint" ? "a bigint" : undefined;
}

function pairItem(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { value, index } = item as Partial<Located>;
  const held = typeof index === "number" ? numericItem(value) : undefined;
  return held === undefined ? undefined : `a pair of ${held} and an index`;
}

/** What the built-in operators accept, see `Operator.kindOf`; undefined for anything else. */
export const kindOfNumeric = orLists(numericItem);
export const kindOfWhole = orLists(item =>
  typeof item !== "number" || Number.isSafeInteger(item) ? numericItem(item) : undefined,
);
export const kindOfTruth = orLists(item => (typeof item === "boolean" ? "a boolean" : numericItem(item)));
export const kindOfPairs = orLists(pairItem);

/**
 * A bitwise operation on numbers and bigints. The operators of the language cut numbers to 32 bits; longer ones
 * take the way over bigints.
 */
export function bitwise(
  short: (left: number, right: number) => number,
  long: (left: bigint, right: bigint) => bigint,
): (left: number | bigint, right: number | bigint) => number | bigint {
  return (left, right) => {
    if (typeof left === "bigint" || typeof right === "bigint") return long(left as bigint, right as bigint);
    if ((left | 0) === left && (right | 0) === right) return short(left, right);
    return Number(long(BigInt(left), BigInt(right)));
  };
}

/** The better of two pairs; NaN wins over every number, the lower index over an equal value. */
export function betterPair(wins: "<" | ">"): (left: Located, right: Located) => Located {
  return (left, right) => {
    const l = left.value;
    const r = right.value;
    const leftNaN = Number.isNaN(l);
    const rightNaN = Number.isNaN(r);
    if (leftNaN || rightNaN) return leftNaN && (!rightNaN || left.index <= right.index) ? left : right;
    if (l === r) return left.index <= right.index ? left : right;
    return (wins === "<" ? l < r : l > r) ? left : right;
  };
}
