/** What a rank tells of itself in its area of a segment, for the launcher. */
import { type ActivityRecord, ActivityRecords } from "../transport/activity-record.ts";
import { ACTIVITIES, type Layout, Rank, RankState } from "../transport/layout.ts";
import { readStatistics, type Statistics } from "../transport/statistics.ts";
import { WaitRecords } from "../transport/wait-record.ts";

export interface RankFacts {
  /** What it waits for at this moment ("recv from rank 2, tag 7 on world"); undefined: it does not wait. */
  wait: string | undefined;
  /** Whether its script has come to its end. */
  leaving: boolean;
  /** What it tells of its work, the earliest first. */
  activities: ActivityRecord[];
  /** What it has counted (`--stats`); undefined before its end, or when it has left nothing. */
  statistics: Statistics | undefined;
}

export class FactsReader {
  private readonly words: Int32Array;
  private readonly layout: Layout;
  private readonly waits: WaitRecords;
  private readonly activities: ActivityRecords;

  constructor(words: Int32Array, layout: Layout) {
    this.words = words;
    this.layout = layout;
    this.waits = new WaitRecords(words, layout);
    this.activities = new ActivityRecords(words, layout);
  }

  read(rank: number): RankFacts {
    const leaving = Atomics.load(this.words, this.layout.rankWord(rank) + Rank.state) >= RankState.leaving;
    // The record of a rank at its end says what it called last.
    const wait = leaving ? undefined : this.waits.read(rank)?.text;
    const activities: ActivityRecord[] = [];
    for (let index = 0; index < ACTIVITIES; index++) {
      const record = this.activities.read(rank, index);
      if (record !== undefined) activities.push(record);
    }
    const statistics = readStatistics(this.words, this.layout, rank);
    return { wait, leaving, activities: activities.sort((a, b) => a.began - b.began), statistics };
  }
}
