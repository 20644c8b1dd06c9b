/** What a rank tells the dashboard of the job about its work. */
import { type ActivityRecord, ActivityRecords } from "../transport/activity-record.ts";
import type { LocalJob } from "./local-job.ts";

/** A long piece of work of this rank, of which the dashboard (`tsmpirun --dashboard`) shows how far it is. */
export interface Activity {
  /**
   * So many steps are over, of which so many have failed. Costs 0.2 us, and nothing without a dashboard.
   * @param total steps there are now, if that has changed
   */
  update(done: number, failed?: number, total?: number): void;
  /** It is over, whether or not all steps were done. */
  end(): void;
}

const unseen: Activity = { update() {}, end() {} };

/** Nobody sees it without a dashboard, nor while too many others are under way on this rank. */
export function beginActivity(job: LocalJob | undefined, label: string, total: number): Activity {
  if (job === undefined || !job.watched) return unseen;
  const { words, layout, rank } = job;
  const records = new ActivityRecords(words, layout);
  const index = records.free(rank);
  if (index === undefined) return unseen;
  const record: ActivityRecord = { label, done: 0, total, failed: 0, began: Date.now(), ended: 0 };
  const write = (): void => {
    // Its place may be another's once it is over.
    if (record.ended === 0) records.write(rank, index, record);
  };
  write();
  return {
    update(done, failed = record.failed, all = record.total) {
      record.done = done;
      record.failed = failed;
      record.total = all;
      write();
    },
    end() {
      if (record.ended !== 0) return;
      record.ended = Date.now();
      records.write(rank, index, record);
    },
  };
}
