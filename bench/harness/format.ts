/** Sizes and figures as people read and type them. */
import type { Operation } from "./operations.ts";

const UNITS: readonly [name: string, bytes: number][] = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
];

export function formatBytes(bytes: number): string {
  for (const [name, unit] of UNITS) if (bytes >= unit) return `${trim(bytes / unit)} ${name}`;
  return `${bytes} B`;
}

function trim(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

/** Reads 8, 64B, 1KiB, 8k, 1.5 MiB; undefined for what is no size. K and M are powers of 1024 here. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(b|k|kb|kib|m|mb|mib|g|gb|gib)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const letter = (match[2] ?? "b")[0].toLowerCase();
  const bytes = Number(match[1]) * { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[letter]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** About three significant digits, without an exponent. */
export function formatNumber(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  if (value >= 0.1) return value.toFixed(2);
  return value.toFixed(3);
}

/** The figure in the unit of its operation. Megabytes are millions of bytes, as in the OSU benchmarks. */
export function inUnit(operation: Operation, microseconds: number, bytes: number | undefined): number {
  switch (operation.unit) {
    case "us":
      return microseconds;
    case "ms":
      return microseconds / 1000;
    case "M/s":
      return 1 / microseconds;
    case "MB/s":
      return ((bytes ?? 0) * operation.messages) / microseconds;
  }
}

export function formatFigure(operation: Operation, microseconds: number, bytes: number | undefined): string {
  return formatNumber(inUnit(operation, microseconds, bytes));
}

export function unitTitle(operation: Operation): string {
  return { us: "µs", ms: "ms", "M/s": "million messages/s", "MB/s": "MB/s" }[operation.unit];
}

export function formatRatio(ratio: number): string {
  return `${formatNumber(ratio)}x`;
}
