/** Ranks of other hosts: what is sent to them, or expected from them, fails with a sentence. */
import { TsmpiError } from "../errors.ts";
import type { MatchRequest } from "./request.ts";
import { Source, type SourceOwner } from "./source.ts";

export function distantError(rank: number, peer: number): TsmpiError {
  return new TsmpiError(
    "TSMPI_OTHER_HOST",
    `rank ${rank} cannot exchange messages with rank ${peer}, which is on another host: this version of tsmpi ` +
      "connects the ranks of one host only; use world.host, or run the job on one host",
    { rank, peer },
  );
}

export class DistantSource extends Source {
  private readonly self: number;

  constructor(rank: number, owner: SourceOwner & { rank: number }) {
    super(rank, undefined, owner);
    this.self = owner.rank;
  }

  override serve(_request: MatchRequest<unknown>): boolean {
    throw distantError(this.self, this.rank);
  }
}
