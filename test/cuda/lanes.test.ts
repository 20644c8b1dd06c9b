/** Native threads that wait for a device, while the fake driver keeps its kernels from ending. */
import { expect } from "chai";
import * as cuda from "../../src/cuda/index.ts";
import { CudaError } from "../../src/errors.ts";
import { failing, holding, useFakeCuda } from "./fake.ts";
import { fails } from "./throws.ts";

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50));

/** Whether a promise has been settled. */
function watched(promise: Promise<unknown>): { ended: boolean } {
  const watch = { ended: false };
  const end = (): void => {
    watch.ended = true;
  };
  promise.then(end, end);
  return watch;
}

describe("cuda: native threads (on the fake driver)", function () {
  this.timeout(60_000);
  before(useFakeCuda);

  const host = new Float32Array(1000).fill(3);

  it("let a device have its data while another one is busy", async () => {
    using busy = cuda.zeros(1000);
    using idle = cuda.zeros(1000, { device: cuda.device(1) });
    await holding(0, async end => {
      busy.fill(1);
      const transfers = [busy.upload(host), cuda.device().synchronize(), cuda.device().timer().stop()];
      const watches = transfers.map(watched);
      await idle.upload(host);
      expect((await idle.download())[999]).to.equal(3);
      await cuda.device(1).synchronize();
      await pause();
      expect(watches.map(({ ended }) => ended)).to.deep.equal([false, false, false]);
      end();
      await Promise.all(transfers);
    });
  });

  it("move data of which a kernel under way knows nothing, whoever waits for that", async () => {
    using array = await cuda.upload(host);
    const device = cuda.device();
    const target = new Float32Array(1000);
    await device.marked(early =>
      holding(0, async end => {
        using other = cuda.full(1000, 1);
        const waits = [device.synchronize(), device.timer().stop(), other.download()];
        const watches = waits.map(watched);
        await device.transfer(true, array.readAddress, new Float32Array(1000).fill(4), false, early);
        expect(watches.map(({ ended }) => ended)).to.deep.equal([false, false, false]);
        end();
        await Promise.all(waits);
      }),
    );
    await array.downloadInto(target);
    expect(target[999]).to.equal(4);
  });

  it("sleep meanwhile, and tell what goes wrong", async () => {
    using array = cuda.empty(1000);
    const long = (pinned: boolean): Promise<void> =>
      holding(0, async end => {
        array.fill(1);
        const source = pinned ? cuda.pinned(Float32Array, 1000) : host;
        const uploaded = array.upload(source);
        setTimeout(end, 50);
        await uploaded;
      });
    for (const pinned of [false, true]) {
      // Whoever waits for a stream looks again and again.
      await failing("cuStreamSynchronize=999", () => long(pinned));
      await failing("cuEventSynchronize=700", () =>
        fails(() => long(pinned), CudaError, /^uploading: cuEventSynchronize: /),
      );
    }
  });

  it("give memory back only when nothing writes it any more, whatever went wrong", async () => {
    using array = cuda.empty(1000);
    const source = cuda.pinned(Float32Array, 1000);
    await holding(0, async end => {
      array.fill(1);
      await failing("cuEventRecord=400@2", async () => {
        const uploaded = fails(() => array.upload(source), CudaError, /^uploading: cuEventRecord: /);
        const watch = watched(uploaded);
        await pause();
        expect(watch.ended).to.equal(false);
        end();
        await uploaded;
      });
    });
  });
});
