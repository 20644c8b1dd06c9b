/** The facts of a job at the front of a segment: written by who makes it, read by who joins. */
import { Header, LAYOUT_VERSION, Layout, MAGIC, type Places, placesWord } from "../transport/layout.ts";

/** Ids of communicators have 30 bits. */
const CONTEXTS_A_HOST = 2 ** 18;

/**
 * @param cores cores that the ranks of this host may use together
 * @param watched whether somebody may look at what ranks do
 * @param crowded whether ranks outnumber cores
 */
export function writeHeader(
  words: Int32Array,
  layout: Layout,
  places: Places,
  cores: number,
  watched: boolean,
  crowded = layout.size > cores,
): void {
  const { host, hosts, ofRank } = places;
  const { size, ringBytes, bulkBytes, distantRingBytes } = layout;
  words[Header.version] = LAYOUT_VERSION;
  words[Header.size] = size;
  words[Header.ringBytes] = ringBytes;
  words[Header.bulkBytes] = bulkBytes;
  words[Header.cores] = cores;
  words[Header.worldSize] = ofRank.length;
  words[Header.hostIndex] = host;
  words[Header.hosts] = hosts;
  words[Header.distantRingBytes] = distantRingBytes;
  words[Header.crowded] = crowded ? 1 : 0;
  words[Header.watched] = watched ? 1 : 0;
  words.set(ofRank, placesWord(size, ofRank.length));
  // 0 and 1 are the contexts, and the barrier slots, of `world` and `host`. Each host counts on from a number of its
  // own, so that communicators made on different hosts have different contexts.
  words[Header.nextContext] = 2 + host * CONTEXTS_A_HOST;
  words[Header.barrierSlots] = 0b11;
  words[Header.magic] = MAGIC;
}

/** How a segment is laid out, by what its header says. */
export function layoutOf(words: Int32Array): { places: Places; layout: Layout } {
  const { [Header.size]: here, [Header.worldSize]: size, [Header.hosts]: hosts } = words;
  const first = placesWord(here, size);
  const places = { host: words[Header.hostIndex], hosts, ofRank: words.subarray(first, first + size) };
  const layout = new Layout(
    hosts === 1 ? size : places,
    words[Header.ringBytes],
    words[Header.bulkBytes],
    words[Header.distantRingBytes],
  );
  return { places, layout };
}
