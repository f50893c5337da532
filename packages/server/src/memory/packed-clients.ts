import { BoundedCache } from "@carnet/core/bounded-cache";
import type { Client } from "@carnet/core/client/client";
import { type ClientMemory, isSameState } from "@carnet/core/client/client-memory";
import type { ClientId } from "@carnet/protocol/ids";
import { ClientCodec } from "./client-codec.ts";
import { PositionIndex } from "./position-index.ts";
import { RecordRing } from "./record-ring.ts";

/** How much a process gives to clients. */
export interface ClientMemoryLimits {
  /** For clients as bytes: about a hundred and fifty each, with what it takes to find them. */
  readonly bytes: number;
  /** How many of those that are asked for often are kept ready as well. */
  readonly ready: number;
}

/**
 * A million clients in little memory: as bytes in a ring, where the one that was read from the store longest ago gives
 * way, and those that are asked for often as objects besides. Objects for all would weigh ten times as much, and keep the
 * garbage collector busy.
 */
export class PackedClients implements ClientMemory {
  readonly #codec = new ClientCodec();
  readonly #index = new PositionIndex();
  readonly #ring: RecordRing;
  readonly #ready: BoundedCache<ClientId, Client>;
  readonly #seed: number;
  #unpacked = 0;

  /** The seed, a random 32-bit number, makes it unforeseeable which ids share a hash. */
  constructor(limits: ClientMemoryLimits, seed: number) {
    this.#ring = new RecordRing(limits.bytes, (hash, position) => this.#index.delete(hash, position));
    this.#ready = new BoundedCache(limits.ready);
    this.#seed = seed;
  }

  get(clientId: ClientId): Client | undefined {
    const ready = this.#ready.get(clientId);
    if (ready !== undefined) return ready;
    const position = this.#find(this.#hash(clientId), clientId);
    if (position < 0) return undefined;
    const { bytes, start } = this.#ring.at(position);
    const client = this.#codec.decode(bytes, start);
    // Whoever comes often is soon met here, whoever comes once in a while hardly ever
    if (++this.#unpacked % 16 === 0) this.#ready.set(clientId, client);
    return client;
  }

  keep(client: Client): void {
    const packed = this.#codec.encode(client);
    const kept = this.get(client.clientId);
    if (kept !== undefined && isSameState(kept, client)) return;
    this.forget(client.clientId);
    if (packed === undefined) this.#ready.set(client.clientId, client);
    else this.#add(this.#hash(client.clientId), packed);
  }

  pretendToKeep(client: Client): void {
    const kept = this.get(client.clientId);
    this.#codec.encode(client);
    if (kept !== undefined) isSameState(kept, client);
  }

  forget(clientId: ClientId): void {
    this.#ready.delete(clientId);
    const hash = this.#hash(clientId);
    const position = this.#find(hash, clientId);
    if (position >= 0) this.#index.delete(hash, position);
  }

  forgetAll(): void {
    this.#ready.clear();
    this.#index.clear();
    this.#ring.clear();
  }

  #add(hash: number, packed: Uint8Array): void {
    this.#index.add(hash, this.#ring.add(hash, packed));
  }

  #find(hash: number, clientId: ClientId): number {
    return this.#index.find(hash, (position) => {
      const { bytes, start } = this.#ring.at(position);
      return this.#codec.isOf(clientId, bytes, start);
    });
  }

  /** FNV-1a of the id after the seed, and mixed at the end. */
  #hash(clientId: ClientId): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let at = 0; at < clientId.length; at++) hash = Math.imul(hash ^ clientId.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}
