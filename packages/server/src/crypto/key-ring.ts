import { createPublicKey, type KeyObject } from "node:crypto";
import {
  type AlgorithmChoice,
  isPublished,
  type KeyInRing,
  type KeyTimes,
  type PublicJwk,
  ringAt,
  type SigningKeyRecord,
  signingKeyFor,
} from "@carnet/core/key/key-ring";
import type { Clock } from "@carnet/core/ports";
import type { TokenSigner } from "@carnet/core/token/token-signer";
import { SingleFlight } from "../single-flight.ts";
import { createSigner, importSigningKey, type Signer } from "./signing-key.ts";

/** The keys that verify tokens. They can change at any time: read them on each use and keep no copy. */
export interface VerificationKeys {
  /** What JWKS publishes. */
  readonly published: readonly PublicJwk[];
  /** The published key that the header of a token names. Throws if there is none of its algorithm. */
  find(header: KeyReference): KeyObject;
}

/** How the header of a token names its key. */
export interface KeyReference {
  readonly kid?: unknown;
  readonly alg?: unknown;
}

/** Where the ring reads its keys. */
export interface KeySource {
  list(): Promise<readonly SigningKeyRecord[]>;
  /** The private key as PKCS #8 in DER. */
  openPrivateKey(keyId: string): Promise<Uint8Array>;
}

export interface KeyRingPorts {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly times: Pick<KeyTimes, "publication">;
  readonly algorithms: AlgorithmChoice;
}

/**
 * The keys of the service. Signing, JWKS, metadata, introspection and the admin guard share one ring, so a change reaches
 * them all at once. It is as old as its last successful `refresh`. Changes that come with time alone need no refresh.
 */
export class KeyRing implements TokenSigner, VerificationKeys {
  readonly #ports: KeyRingPorts;
  readonly #signers = new Map<string, Signer>();
  #keys: readonly SigningKeyRecord[] = [];
  #view: View | undefined;
  readonly #reading = new SingleFlight(() => this.#read());

  constructor(ports: KeyRingPorts) {
    this.#ports = ports;
  }

  /** Every key and its state now. */
  get states(): readonly KeyInRing[] {
    return this.#now().ring;
  }

  get published(): readonly PublicJwk[] {
    return this.#now().published;
  }

  readonly find: VerificationKeys["find"] = ({ kid, alg }) => {
    const { published, imported } = this.#now();
    const key = published.find((one) => one.kid === kid && one.alg === alg); // the key decides, not the token
    if (key === undefined) throw new Error("no published key has this id and algorithm");
    const known = imported.get(key) ?? createPublicKey({ key, format: "jwk" });
    imported.set(key, known);
    return known;
  };

  /** The id of the key that signs what is for no audience. */
  get signingKeyId(): string {
    return this.#signingKey(null).keyId;
  }

  /** The keys that sign now: by default, and for each audience that has its own algorithm. Each once. */
  get signing(): readonly SigningKeyRecord[] {
    const audiences = [null, ...this.#ports.algorithms.byAudience.keys()];
    return [...new Set(audiences.map((audience) => this.#signingKey(audience)))];
  }

  readonly sign: TokenSigner["sign"] = async (claims, typ, audience) => {
    const signer = this.#signers.get(this.#signingKey(audience).keyId);
    if (signer === undefined) throw new Error("the private key of the signing key is not open");
    return signer(claims, typ);
  };

  /**
   * Reads the keys of the store, and opens the private keys that are new. Calls during a read share it. Rejects if the
   * store cannot be read, and if a private key does not open: then what is published is up to date all the same.
   */
  refresh(): Promise<void> {
    return this.#reading.run();
  }

  /** Reads again after a read in progress, which may have started before the latest change. */
  refreshAnew(): Promise<void> {
    return this.#reading.runAnew();
  }

  async #read(): Promise<void> {
    const { source, clock, times } = this.#ports;
    const keys = await source.list();
    const ring = ringAt(keys, clock.now(), times);
    const faults: unknown[] = [];
    for (const { key, state } of ring) {
      if (state !== "upcoming" && state !== "active") continue;
      await this.#open(key).catch((fault: unknown) => faults.push(fault));
    }
    // A retiring key signs again if the clock is set back over its rotation
    const kept = new Set(ring.filter(({ state }) => isPublished(state)).map(({ key }) => key.keyId));
    for (const keyId of this.#signers.keys()) if (!kept.has(keyId)) this.#signers.delete(keyId);
    this.#keys = keys;
    this.#view = undefined;
    // Only now: a private key that does not open must not keep a revoked key in use
    if (faults.length > 0) throw faults[0];
  }

  async #open({ keyId, algorithm }: SigningKeyRecord): Promise<void> {
    if (this.#signers.has(keyId)) return;
    const privateKey = await this.#ports.source.openPrivateKey(keyId);
    this.#signers.set(keyId, createSigner(await importSigningKey(algorithm, privateKey)));
  }

  #signingKey(audience: string | null): SigningKeyRecord {
    const { algorithms } = this.#ports;
    const { ring, chosen } = this.#now();
    // Clients can have any number of audiences that have no algorithm of their own
    const asked = audience !== null && algorithms.byAudience.has(audience) ? audience : null;
    const key = chosen.get(asked) ?? signingKeyFor(asked, ring, algorithms);
    if (key === undefined) throw new Error("the key ring has no key to sign with");
    chosen.set(asked, key);
    return key;
  }

  /** What the keys are now. Kept until the time changes a state. */
  #now(): View {
    const now = this.#ports.clock.now();
    if (this.#view !== undefined && this.#view.from <= now && now < this.#view.until) return this.#view;
    const ring = ringAt(this.#keys, now, this.#ports.times);
    const published = ring.filter(({ state }) => isPublished(state)).map(({ key }) => key.publicJwk);
    const until = Math.min(...ring.map(({ endsAt }) => endsAt ?? Infinity));
    this.#view = { from: now, until, ring, published, imported: new Map(), chosen: new Map() };
    return this.#view;
  }
}

interface View {
  readonly from: number;
  readonly until: number;
  readonly ring: readonly KeyInRing[];
  readonly published: readonly PublicJwk[];
  /** The published keys that were asked for. */
  readonly imported: Map<PublicJwk, KeyObject>;
  /** The signing key for each audience that was asked for. */
  readonly chosen: Map<string | null, SigningKeyRecord>;
}
