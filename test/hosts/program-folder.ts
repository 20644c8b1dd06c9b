import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../launch.ts";

/** A folder that the hosts of a test cluster share: they have a /tmp of their own, but the project in common. */
export class ProgramFolder {
  readonly path: string;

  constructor() {
    const build = join(packageRoot, "build");
    mkdirSync(build, { recursive: true });
    this.path = mkdtempSync(join(build, "hosts-"));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
