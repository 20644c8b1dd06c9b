import { expect } from "chai";
import fc from "fast-check";
import { TaskQueue } from "../../src/parallel/pool/task-queue.ts";

describe("parallel: task queue", () => {
  it("gives tasks by priority, then by order, whatever comes in between", () => {
    const item = fc.record({ priority: fc.integer({ min: -2, max: 2 }), order: fc.integer() });
    const step = fc.oneof(item, fc.constant("pop" as const));
    fc.assert(
      fc.property(fc.array(step), steps => {
        const queue = new TaskQueue<{ priority: number; order: number }>();
        const model: { priority: number; order: number }[] = [];
        const before = (a: (typeof model)[number], b: typeof a): number =>
          b.priority - a.priority || a.order - b.order;
        for (const step of [...steps, ...steps.map(() => "pop" as const)]) {
          expect(queue.first).to.equal(model[0]);
          if (step === "pop") expect(queue.pop()).to.deep.equal(model.shift());
          else {
            queue.push(step);
            model.push(step);
            model.sort(before);
          }
          expect(queue.length).to.equal(model.length);
        }
      }),
    );
  });
});
