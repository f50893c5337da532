import { BoundedCache } from "@carnet/core/bounded-cache";
import type { ClientMemory } from "@carnet/core/client/client-memory";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { TokenClient } from "@carnet/core/client/token-client";
import type { ClientId } from "@carnet/protocol/ids";
import { ClientCodec } from "./client-codec.ts";
import { PositionIndex } from "./position-index.ts";
import { RecordRing } from "./record-ring.ts";

/**
 * A million clients in little memory: as bytes in a ring, where the one that was read from the store longest ago gives
 * way. As objects they would weigh ten times as much and keep the garbage collector busy. A client is made anew each time
 * that it is asked for, and something like a client where there is none.
 */
export class PackedClients implements ClientMemory {
  #codec = new ClientCodec();
  readonly #index = new PositionIndex((position) => this.#ring.hashAt(position));
  readonly #ring: RecordRing;
  readonly #seed: number;
  /** What is made out of bytes where there is nobody. */
  #decoy: Buffer;
  /** The few that are too large to be packed. */
  readonly #large = new BoundedCache<ClientId, TokenClient>(mostLarge);

  /**
   * Takes as many bytes, at the least half a MiB, and a tenth more to find clients by. The seed, a random 32-bit number,
   * makes it unforeseeable which ids share a hash.
   */
  constructor(bytes: number, seed: number) {
    this.#ring = new RecordRing(bytes, (hash, position) => this.#index.delete(hash, position));
    this.#seed = seed;
    this.#decoy = packedDecoy(this.#codec);
  }

  get(clientId: ClientId): TokenClient | undefined {
    const position = this.#find(this.#hash(clientId), clientId);
    if (position < 0) {
      this.#codec.decode(this.#decoy, 0);
      return this.#large.get(clientId);
    }
    const { bytes, start } = this.#ring.at(position);
    return this.#codec.decode(bytes, start);
  }

  keep(client: TokenClient): void {
    const packed = this.#codec.encode(client);
    if (packed === undefined) {
      this.forget(client.clientId);
      this.#large.set(client.clientId, client);
      return;
    }
    const hash = this.#hash(client.clientId);
    const position = this.#find(hash, client.clientId);
    if (this.#isAt(position, packed)) return;
    if (position >= 0) this.#index.delete(hash, position);
    this.#large.delete(client.clientId);
    this.#index.add(hash, this.#ring.add(hash, packed));
  }

  keepNobody(clientId: ClientId, standIn: TokenClient): void {
    this.#codec.encode(standIn);
    this.forget(clientId);
  }

  forget(clientId: ClientId): void {
    const hash = this.#hash(clientId);
    const position = this.#find(hash, clientId);
    if (position >= 0) this.#index.delete(hash, position);
    this.#large.delete(clientId);
  }

  forgetAll(): void {
    this.#codec = new ClientCodec();
    this.#decoy = packedDecoy(this.#codec);
    this.#index.clear();
    this.#ring.clear();
    this.#large.clear();
  }

  #find(hash: number, clientId: ClientId): number {
    return this.#index.find(hash, (position) => {
      const { bytes, start } = this.#ring.at(position);
      return this.#codec.isOf(clientId, bytes, start);
    });
  }

  /** Whether the very same bytes are at a position. */
  #isAt(position: number, packed: Uint8Array): boolean {
    if (position < 0) return false;
    const { bytes, start, end } = this.#ring.at(position);
    return bytes.compare(packed, 0, packed.length, start, end) === 0;
  }

  /** FNV-1a of the id after the seed, and mixed at the end. */
  #hash(clientId: ClientId): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let at = 0; at < clientId.length; at++) hash = Math.imul(hash ^ clientId.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}

const mostLarge = 1000;

const packedDecoy = (codec: ClientCodec): Buffer => Buffer.from(codec.encode(decoyClient) ?? []);
