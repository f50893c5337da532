import { linesOf } from "./plain-blocks.ts";
import { readHead, type Times, timesOf } from "./record-head.ts";

/**
 * What a block of a compressed file contains, so that a search need not decompress it: the times of its records, and a
 * Bloom filter of the request ids, clients, actors and kinds that they name. The filter never misses a name. Of blocks
 * without the name, it usually lets fewer than one in a thousand pass.
 */
export interface BlockIndex extends Times {
  readonly filter: Uint8Array;
}

const filterBytes = 4096;
const filterBits = filterBytes * 8;
const bitsPerName = 4;

/** The names by which records are found. All texts are JSON, with each byte a character, as in a `RecordHead`. */
export const names = {
  request: (id: string) => `request ${id}`,
  event: (kind: string) => `event ${kind}`,
  client: (id: string, kind = "") => `client ${id} ${kind}`,
  actor: (type: string, clientId: string | undefined, kind = "") => `actor ${type} ${clientId ?? ""} ${kind}`,
};

export function indexBlock(lines: Buffer): BlockIndex {
  const found = new Set<string>();
  for (const line of linesOf({ lines })) {
    const head = readHead(line);
    if (head === undefined) continue;
    const { requestId, event, actorType, actorClientId, length } = head;
    found.add(names.request(requestId));
    for (const id of clientIdsIn(line, length)) found.add(names.client(id)).add(names.client(id, event));
    const actor = names.actor(actorType, actorClientId, event);
    if (found.has(actor)) continue; // most records repeat the actor and the kind of others
    found.add(actor).add(names.actor(actorType, actorClientId)).add(names.event(event));
    if (actorClientId !== undefined) found.add(names.client(actorClientId)).add(names.client(actorClientId, event));
  }
  return { ...timesOf(linesOf({ lines })), filter: filterOf(found) };
}

/** Whether each group may have a name that the block contains. */
export const mayContain = ({ filter }: BlockIndex, groups: readonly (readonly string[])[]): boolean =>
  groups.every((group) => group.some((name) => isIn(filter, name)));

export const encodedBytes = 16 + filterBytes;

export function encodeIndex({ oldestAt, newestAt, filter }: BlockIndex): Buffer {
  const encoded = Buffer.alloc(encodedBytes);
  encoded.writeDoubleLE(oldestAt, 0);
  encoded.writeDoubleLE(newestAt, 8);
  encoded.set(filter, 16);
  return encoded;
}

export const decodeIndex = (encoded: Buffer): BlockIndex => ({
  oldestAt: encoded.readDoubleLE(0),
  newestAt: encoded.readDoubleLE(8),
  filter: encoded.subarray(16, encodedBytes),
});

const clientId = /"client_id":("[^"\\]*(?:\\.[^"\\]*)*")/g;

/** The clients that a record names after its actor. */
function clientIdsIn(line: Buffer, from: number): readonly string[] {
  if (!line.includes('"client_id":', from)) return [];
  return Array.from(line.toString("latin1", from).matchAll(clientId), ([, id = ""]) => id);
}

function filterOf(found: Iterable<string>): Uint8Array {
  const filter = new Uint8Array(filterBytes);
  for (const name of found) eachBit(name, (byte, bit) => (filter[byte] = (filter[byte] ?? 0) | bit));
  return filter;
}

function isIn(filter: Uint8Array, name: string): boolean {
  let isSet = true;
  eachBit(name, (byte, bit) => (isSet &&= ((filter[byte] ?? 0) & bit) !== 0));
  return isSet;
}

/** Two hashes give any number of positions (Kirsch and Mitzenmacher, 2006). */
function eachBit(name: string, visit: (byte: number, bit: number) => void): void {
  const [first, second] = [fnv1a(name, 0x811c9dc5), fnv1a(name, 0x01000193) | 1];
  for (let i = 0; i < bitsPerName; i++) {
    const place = ((first + Math.imul(i, second)) >>> 0) % filterBits;
    visit(place >> 3, 1 << (place & 7));
  }
}

/** FNV-1a, 32 bits: fast on short texts. Names that were chosen to collide only slow searches down. */
function fnv1a(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
