/** So few are looked through in less time than a Set takes to be made. */
const FEW = 8;

/** Objects that have been come by: a Set that costs next to nothing while there are few. */
export class Visited {
  private readonly few: object[] = [];
  private many: Set<object> | undefined;

  /** Returns whether it is new. */
  add(object: object): boolean {
    const { few, many } = this;
    if (many !== undefined) return many.size !== many.add(object).size;
    if (few.includes(object)) return false;
    few.push(object);
    if (few.length > FEW) this.many = new Set(few);
    return true;
  }
}
