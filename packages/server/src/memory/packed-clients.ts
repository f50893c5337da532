import type { ClientMemory } from "@carnet/core/client/client-memory";
import type { ProvenSecret } from "@carnet/core/client/token-client";
import type { ClientId } from "@carnet/protocol/ids";
import { PositionIndex } from "./position-index.ts";
import { RecordRing } from "./record-ring.ts";
import { SecretCodec } from "./secret-codec.ts";

/**
 * A million secrets and their clients in little memory: as bytes in a ring, in which the entry that was read from the
 * store longest ago is evicted first. As objects they would take ten times as much and keep the garbage collector busy.
 */
export class PackedClients implements ClientMemory {
  #codec = new SecretCodec();
  readonly #byDigest = new PositionIndex((position) => this.#digestHashAt(position));
  readonly #byClient = new PositionIndex((position) => this.#hash(this.#clientIdAt(position)));
  readonly #ring: RecordRing;
  readonly #seed: number;
  /** Entries of an earlier generation are in doubt. */
  #generation = 0;
  /** How often a digest was found, and how often not. */
  hits = 0;
  misses = 0;

  /**
   * Uses this many bytes, at least half a MiB, and about a fifth more for the indexes. The seed, a random 32-bit number,
   * makes it unpredictable which client ids collide.
   */
  constructor(bytes: number, seed: number) {
    this.#ring = new RecordRing(bytes, (position) => this.#removeFromIndexes(position));
    this.#seed = seed;
  }

  get entries(): number {
    return this.#byDigest.size;
  }

  /** The bytes that are allocated at the moment. */
  get bytes(): number {
    return this.#ring.bytes + this.#byDigest.bytes + this.#byClient.bytes;
  }

  get(digest: Uint8Array): ProvenSecret | undefined {
    const position = this.#find(digest);
    if (position < 0 || this.#isDoubted(position)) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    const { bytes, start, end } = this.#ring.at(position);
    return this.#codec.decode(bytes, start, end);
  }

  getDoubted(digest: Uint8Array): ProvenSecret | undefined {
    const position = this.#find(digest);
    if (position < 0) return undefined;
    const { bytes, start, end } = this.#ring.at(position);
    return this.#codec.decode(bytes, start, end);
  }

  set(digest: Uint8Array, proven: ProvenSecret): void {
    const packed = this.#codec.encode(digest, proven, this.#generation);
    const before = this.#find(digest);
    if (packed !== undefined && this.#isAt(before, packed)) return;
    if (before >= 0) this.#removeFromIndexes(before);
    if (packed === undefined) return;
    const position = this.#ring.add(packed);
    this.#byDigest.add(this.#codec.digestHash(digest), position);
    this.#byClient.add(this.#hash(proven.client.clientId), position);
  }

  delete(digest: Uint8Array): void {
    const position = this.#find(digest);
    if (position >= 0) this.#removeFromIndexes(position);
  }

  deleteClient(clientId: ClientId): void {
    const hash = this.#hash(clientId);
    for (;;) {
      const position = this.#byClient.find(hash, (candidate) => this.#clientIdAt(candidate) === clientId);
      if (position < 0) return;
      this.#removeFromIndexes(position);
    }
  }

  doubtAll(): void {
    this.#generation = (this.#generation + 1) % 256;
    if (this.#generation === 0) this.clear(); // the oldest entries would look like new ones
  }

  clear(): void {
    this.#codec = new SecretCodec();
    this.#byDigest.clear();
    this.#byClient.clear();
    this.#ring.clear();
  }

  #isDoubted(position: number): boolean {
    const { bytes, start } = this.#ring.at(position);
    return this.#codec.generation(bytes, start) !== this.#generation;
  }

  #find(digest: Uint8Array): number {
    return this.#byDigest.find(this.#codec.digestHash(digest), (position) => {
      const { bytes, start } = this.#ring.at(position);
      return this.#codec.hasDigest(digest, bytes, start);
    });
  }

  #removeFromIndexes(position: number): void {
    this.#byDigest.delete(this.#digestHashAt(position), position);
    this.#byClient.delete(this.#hash(this.#clientIdAt(position)), position);
  }

  #digestHashAt(position: number): number {
    const { bytes, start } = this.#ring.at(position);
    return this.#codec.digestHash(bytes, start);
  }

  #clientIdAt(position: number): ClientId {
    const { bytes, start } = this.#ring.at(position);
    return this.#codec.clientId(bytes, start);
  }

  /** Whether the same bytes are at a position. */
  #isAt(position: number, packed: Uint8Array): boolean {
    if (position < 0) return false;
    const { bytes, start, end } = this.#ring.at(position);
    return bytes.compare(packed, 0, packed.length, start, end) === 0;
  }

  /** FNV-1a of the seed and the id, with a final mix. */
  #hash(clientId: ClientId): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let at = 0; at < clientId.length; at++) hash = Math.imul(hash ^ clientId.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}
