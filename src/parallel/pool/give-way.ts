const resolved = Promise.resolve();
/** Promise jobs from the settling of a future to what the program does next, such as submitting another task. */
const JOBS = 6;

/**
 * Lets the program go on that waits for a future just settled. A receive looks for its message for some microseconds
 * at a time, during which no promise job runs; so it is begun when the program has done its turn.
 */
export async function giveWay(): Promise<void> {
  for (let i = 0; i < JOBS; i++) await resolved;
}
