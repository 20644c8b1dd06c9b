/** Which arrays hold device memory, and what becomes of it when nobody can reach them any more. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A Storage, as an array holds it. */
interface Released {
  release(): void;
}

/** That an array holds a storage, for as long as it can be reached and is not freed. */
export class Holding {
  private readonly array: WeakRef<object>;
  private readonly storage: Released;

  constructor(array: object, storage: Released) {
    this.array = new WeakRef(array);
    this.storage = storage;
    holdings.add(this);
    abandoned.register(array, this, this);
  }

  get lost(): boolean {
    return this.array.deref() === undefined;
  }

  /** Once is enough: what is called after it does nothing. */
  end(): void {
    if (!holdings.delete(this)) return;
    abandoned.unregister(this);
    this.storage.release();
  }
}

const holdings = new Set<Holding>();

const abandoned = new FinalizationRegistry<Holding>(holding => holding.end());

let collector: (() => void) | undefined;

/** Frees the memory of arrays that cannot be reached any more, now. Arrays made or asked for since the event loop's last turn stay. */
export function collectGarbage(): void {
  if (collector === undefined) {
    // The flag alone adds `gc` to contexts made from now on.
    setFlagsFromString("--expose-gc");
    collector = runInNewContext("gc") as () => void;
  }
  collector();
  for (const holding of holdings) if (holding.lost) holding.end();
}
