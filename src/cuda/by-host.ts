/** Collectives of device arrays by way of the host: as those of typed arrays, which come from a device and go to one. */
import type { TypedArray } from "../index.ts";
import { empty } from "./array.ts";
import { castInto, type Elements } from "./moves.ts";
import { isPinned } from "./pinned.ts";
import { staged } from "./staging.ts";

/** Source and target of a collective, dense, and nobody else's until the collective has ended. */
export interface Ends {
  readonly source: Elements | undefined;
  readonly target: Elements | undefined;
}

/** A collective of typed arrays of the host, with one for each end that there is. */
export type OnHost = (to: TypedArray | undefined, from: TypedArray | undefined) => Promise<void>;

export async function download(source: Elements, host: TypedArray): Promise<void> {
  await source.device.transfer(false, source.readAddress, host, isPinned(host));
}

export async function upload(target: Elements, host: TypedArray): Promise<void> {
  await target.device.transfer(true, target.writeAddress, host, isPinned(host));
}

/** A collective from one array to another, by way of the host. */
export async function through({ source, target }: Ends, work: OnHost): Promise<void> {
  const receive = async (from: TypedArray | undefined): Promise<void> => {
    if (target === undefined) return await work(undefined, from);
    await staged(target.type, target.size, async to => {
      await work(to, from);
      await upload(target, to);
    });
  };
  if (source === undefined) return await receive(undefined);
  await staged(source.type, source.size, async from => {
    await download(source, from);
    await receive(from);
  });
}

/**
 * A reduction by way of the host. Halves for which it has no type, and of which only bits travel, go as float32, and
 * the result is rounded once.
 */
export async function combined({ source, target }: Ends, work: OnHost): Promise<void> {
  const { device, type, shape } = source!;
  if (!type.float || type.host !== (Uint16Array as unknown)) return await through({ source, target }, work);
  using wide = empty(shape, { dtype: "float32", device });
  castInto(wide, source!);
  if (target === undefined) return await through({ source: wide, target }, work);
  using sums = empty(target.shape, { dtype: "float32", device: target.device });
  await through({ source: wide, target: sums }, work);
  castInto(target, sums);
}
