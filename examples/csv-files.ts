/**
 * Columns of numbers in CSV files of very unequal size, plain, gzip or bzip2: a file is a task, the largest first, read as a
 * stream by whichever rank is free, and of each column count, missing values, least, mean and greatest are made in that
 * one pass, over all files.
 *
 *   npx tsmpirun -n 8 examples/csv-files.ts --columns delay,distance [--by origin] [--encoding latin1] PATH ...
 *
 * A path is a file, or a folder whose .csv, .csv.gz and .csv.bz2 files are meant. `--by` names a column of texts, for each of which
 * there are figures of its own. Empty fields and NA are missing.
 */
import { createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import { world } from "tsmpi";
import { foldMap, reducers } from "tsmpi/parallel";
import unbzip2 from "unbzip2-stream";

interface File {
  path: string;
  /** In bytes, as it lies on the disk. */
  size: number;
}

/** The texts of the columns asked for. */
type Fields = Record<string, string>;

interface Row {
  group: string;
  /** NaN is missing. */
  values: number[];
}

const { values: options, positionals: paths } = parseArgs({
  allowPositionals: true,
  options: {
    columns: { type: "string", default: "" },
    by: { type: "string" },
    encoding: { type: "string", default: "utf8" },
  },
});
const columns = options.columns.split(",").filter(name => name !== "");
const { by } = options;
if (columns.length === 0 || paths.length === 0) {
  throw new RangeError("csv-files: expected --columns with names, and then files or folders");
}
if (!Buffer.isEncoding(options.encoding)) {
  throw new RangeError(
    `csv-files: --encoding must be one that Node has, as utf8 or latin1; got ${options.encoding}`,
  );
}
const encoding: BufferEncoding = options.encoding;
const wanted = new Set(by === undefined ? columns : [...columns, by]);

function filesAt(path: string): File[] {
  const stat = statSync(path);
  if (stat.isDirectory()) {
    const names = readdirSync(path).filter(name => /\.csv(\.gz|\.bz2)?$/.test(name));
    if (names.length === 0) throw new Error(`csv-files: expected .csv, .csv.gz or .csv.bz2 files in ${path}`);
    return names.sort().flatMap(name => filesAt(join(path, name)));
  }
  return [{ path, size: stat.size }];
}

/** Only columns that are wanted are kept. */
function select(header: string[]): (string | false)[] {
  for (const name of wanted) {
    if (!header.includes(name)) throw new Error(`no column ${name}; there are ${header.join(", ")}`);
  }
  return header.map(name => wanted.has(name) && name);
}

function numberIn(name: string, text: string): number {
  if (text === "" || text === "NA") return Number.NaN;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`expected a number or NA in column ${name}; got ${text}`);
  return value;
}

function rowOf(fields: Fields): Row {
  const group = by === undefined ? "all" : fields[by];
  // What a decoder puts for bytes that it does not know.
  if (group.includes("\uFFFD")) throw new Error(`${group} is not ${encoding}: give --encoding, as latin1`);
  return { group, values: columns.map(name => numberIn(name, fields[name])) };
}

const { count, field, fused, grouped, max, mean, min, missing } = reducers;
const figures = fused({ count: count(), missing: missing(), min: min(), mean: mean(), max: max() });
const ofRows = grouped(
  (row: Row) => row.group,
  fused(Object.fromEntries(columns.map((name, k) => [name, field((row: Row) => row.values[k], figures)]))),
);

/** The state of a reduction of all rows. What is wrong in a file is told with its name and line. */
async function read({ path }: File): Promise<ReturnType<typeof ofRows.empty>> {
  const parser = parse<Row, Fields>({
    bom: true,
    columns: select,
    encoding,
    on_record: rowOf,
    skip_empty_lines: true,
    trim: true,
  });
  const bytes = createReadStream(path);
  // Errors of any of them come out of the parser.
  if (path.endsWith(".gz")) pipeline(bytes, createGunzip(), parser, () => {});
  else if (path.endsWith(".bz2")) pipeline(bytes, unbzip2(), parser, () => {});
  else pipeline(bytes, parser, () => {});
  let state = ofRows.empty();
  try {
    for await (const row of parser) state = ofRows.add(state, row);
    if (parser.info.bytes === 0) throw new Error("expected a header; the file is empty");
  } catch (error) {
    throw new Error(`${path}, line ${parser.info.lines}: ${(error as Error).message}`);
  }
  return state;
}

// One rank looks, so that all have the same list.
const files = await world.broadcast(world.rank === 0 ? paths.flatMap(filesAt) : undefined);
const groups = await foldMap(
  world,
  files,
  read,
  // States of files are merged like those of ranks.
  { ...ofRows, add: ofRows.merge },
  { schedule: "dynamic", cost: file => file.size },
);

if (world.rank === 0) {
  const line = (texts: string[], numbers: unknown[]): string =>
    texts.map(text => text.padEnd(12)).join("") + numbers.map(each => String(each).padStart(10)).join("");
  console.log(line([by ?? "", `${files.length} files`], ["count", "missing", "min", "mean", "max"]));
  for (const [group, results] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const name of columns) {
      const { count, missing, min = "-", mean, max = "-" } = results[name];
      console.log(line([group, name], [count, missing, min, count > 0 ? mean.toFixed(3) : "-", max]));
    }
  }
}
