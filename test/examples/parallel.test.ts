import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { launch, packageRoot } from "../launch.ts";
import { folderWith, removeFolders } from "../launcher/helpers.ts";

const page = readFileSync(join(packageRoot, "docs/examples.md"), "utf8");

/** The command that the page of examples gives, and what it says that is printed. */
function shown(example: string): { args: string[]; output: string } {
  const pattern = new RegExp(
    `npx tsmpirun -n 8 examples/${example}\\.ts ?(.*)\\n\`\`\`\\n\\n\`\`\`text\\n([^]*?)\`\`\``,
  );
  const [, args, output] = pattern.exec(page) ?? expect.fail(`no ${example} on the page of examples`);
  return { args: args.split(" ").filter(arg => arg !== ""), output };
}

/** What is printed is the same on any number of ranks, and is what the page shows. */
const examples: Record<string, readonly number[]> = {
  bootstrap: [1, 3],
  "permutation-test": [1, 3],
  regression: [2, 5],
  simulation: [1, 2, 3, 8],
  mandelbrot: [1, 2, 5],
  "word-count": [1, 2, 5],
  uneven: [1, 2, 5],
  "three-generators": [1, 2, 5],
  "shared-data": [1, 2, 5],
  "cross-validation": [1, 3],
  forest: [1, 2, 3, 5, 8],
  "csv-files": [2],
  "task-graph": [1, 2, 5],
  "adaptive-integral": [1, 2, 5],
};

/** Files that examples write when they are given a name, and what is in them. */
const pictures: Record<string, (file: Buffer, output: string) => void> = {
  mandelbrot: (file, output) => {
    const header = "P5 480 320 255\n";
    expect(file.subarray(0, header.length).toString()).to.equal(header);
    const pixels = file.subarray(header.length);
    expect(pixels.length).to.equal(480 * 320);
    expect(output).to.include(createHash("sha256").update(pixels).digest("hex").slice(0, 16));
  },
  "task-graph": file => {
    const text = file.toString();
    expect(text).to.match(/^<svg .*<\/svg>\n?$/s);
    for (const [name, count] of Object.entries({ read: 6, clean: 6, summarise: 6, combine: 5 })) {
      expect(text.match(new RegExp(`<title>${name}\\b`, "g")), name).to.have.length(count);
    }
  },
};

describe("examples of maps", () => {
  after(removeFolders);
  for (const [example, counts] of Object.entries(examples)) {
    for (const ranks of counts) {
      it(`${example} should print what the page shows on ${ranks}`, async () => {
        const { args, output } = shown(example);
        const check = ranks === 2 ? pictures[example] : undefined;
        const file = check && join(folderWith({}), "picture");
        const { code, stdout, stderr } = await launch([
          "-n",
          String(ranks),
          `examples/${example}.ts`,
          ...args,
          ...(file === undefined ? [] : [file]),
        ]);
        expect(code, stderr).to.equal(0);
        expect(stdout).to.equal(output);
        if (file !== undefined) check?.(readFileSync(file), output);
        const timed = ["uneven", "shared-data", "three-generators"].includes(example);
        expect(stderr).to.match(timed ? /^\d+\.\d+ s on \d+ ranks\n$/ : /^$/);
      });
    }
  }
});
