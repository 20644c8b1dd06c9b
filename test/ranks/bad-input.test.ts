import { onRanks } from "./run.ts";

describe("ranks: bad input", () => {
  onRanks([1, 2, 3], "bad-input", "says what was expected and what came");
  onRanks([1, 2], "detached", "refuses arrays whose memory was transferred away");
  onRanks([2], "sendrecv-refused", "leaves nothing of a sendrecv behind that is refused");
});
