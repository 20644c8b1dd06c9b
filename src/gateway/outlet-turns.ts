/**
 * In which order rings to one other host are read: their ranks take turns, and so do the rings of a rank. So one that
 * writes much, or to many, gets no more of the link than one that writes little.
 */
import { Forwarded, type Offered, type Outlet } from "./distant-ring.ts";
import type { RecordWriter } from "./records.ts";

/** The rings of a rank. */
interface Lane {
  readonly outlets: Outlet[];
  /** Which of them is next. */
  next: number;
  /** So many, one after the other, have no more for this frame. */
  done: number;
}

export class OutletTurns {
  private readonly lanes: Lane[] = [];
  private readonly laneOf = new Map<number, Lane>();
  /** Which lane is next. */
  private next = 0;

  add(outlet: Outlet): void {
    const lane = this.laneOf.get(outlet.source);
    if (lane !== undefined) {
      lane.outlets.push(outlet);
      return;
    }
    const made = { outlets: [outlet], next: 0, done: 0 };
    this.laneOf.set(outlet.source, made);
    this.lanes.push(made);
  }

  /**
   * Copies frames into records, as long as there are any and there is room.
   * @param forwarded is told whose ring has given some
   */
  forward(writer: RecordWriter, offered: Offered, forwarded: (source: number) => void): void {
    const { lanes } = this;
    for (const lane of lanes) lane.done = 0;
    let first = -1;
    for (let at = this.next, idle = 0; idle < lanes.length; at = (at + 1) % lanes.length) {
      const lane = lanes[at];
      const outcome = this.turn(lane, writer, offered);
      if (outcome === Forwarded.noRoom) {
        // The others may have something shorter.
        lane.done = lane.outlets.length;
        if (first < 0) first = at;
      }
      const any = outcome === Forwarded.all || outcome === Forwarded.part;
      if (any) forwarded(lane.outlets[0].source);
      idle = any ? 0 : idle + 1;
    }
    // Who found no room has waited long enough.
    if (first >= 0) this.next = first;
  }

  private turn(lane: Lane, writer: RecordWriter, offered: Offered): number {
    const { outlets } = lane;
    while (lane.done < outlets.length) {
      const outcome = outlets[lane.next].forward(writer, offered);
      if (outcome === Forwarded.noRoom) return outcome;
      lane.next = (lane.next + 1) % outlets.length;
      lane.done = outcome === Forwarded.part ? 0 : lane.done + 1;
      if (outcome !== Forwarded.nothing) return outcome;
    }
    return Forwarded.nothing;
  }
}
