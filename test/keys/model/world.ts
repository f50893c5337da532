import { serviceOrigin } from "@carnet/core/audit/recorder";
import { keepKeys, keyObjects } from "@carnet/core/key/keep-keys";
import { addDueKey, type ChangeFacts, type KeyChange, type KeyRefusal } from "@carnet/core/key/key-changes";
import { type AlgorithmChoice, algorithmsInUse, type KeyTimes, type SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { FreshKeyPair, KeyMaker, SigningKeyStore } from "@carnet/core/key/signing-key-store";
import { ok, type Result } from "@carnet/protocol/result";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { keyTimesOf } from "@carnet/server/configuration/key-settings";
import { KeyRing } from "@carnet/server/crypto/key-ring";
import { countingIds } from "@carnet/testkit/counting-ids";
import { eventWith } from "@carnet/testkit/sample-events";
import { createKeyPool } from "./key-pool.ts";
import { choices, cooldown, type NodeFacts, type Story } from "./steps.ts";
import type { SharedStore } from "./stores.ts";

/** A service with the real key ring. */
export interface Node {
  readonly facts: NodeFacts;
  readonly choice: AlgorithmChoice;
  readonly ring: KeyRing;
  /** What it read last. */
  version: number;
  /** When the first change came that it has not read. */
  outdatedAt: number;
  /** Since when it cannot read the store. null: it can. */
  cutOffAt: number | null;
}

/** A JWKS that a node gave out from one time to another. Every one is in the cache of some verifier. */
export interface Snapshot {
  readonly node: Node;
  readonly keyIds: ReadonlySet<string>;
  readonly isCutOff: boolean;
  /** What the node knew. */
  version: number;
  until: number;
}

/** Something that happened to a key. */
export interface Occurrence {
  /** The first version of the store that has it. */
  readonly version: number;
  readonly record: SigningKeyRecord;
  /** How far the clock was ahead that set its times. */
  readonly clockOffset: number;
  readonly at: number;
}

/** Three nodes on one store, in one simulated time. Knows what has happened, and leaves to the rules what should have. */
export class World {
  time = Date.UTC(2026, 10, 21, 12);
  readonly store: SharedStore;
  readonly times: KeyTimes;
  readonly settings: Story["settings"];
  readonly maker: KeyMaker = createKeyPool();
  readonly nodes: Node[] = [];
  snapshots: Snapshot[] = [];
  /** When the last token that each key signed has expired by every clock. */
  readonly tokensUntil = new Map<string, number>();
  readonly added = new Map<string, Occurrence>();
  readonly revoked = new Map<string, Occurrence>();
  /** Keys that sign before they have been published for long enough, because of `--now` or a revocation. */
  readonly early = new Set<string>();
  readonly imported: FreshKeyPair[] = [];
  /** The algorithms that had a key that signs at every node, and that no operator has taken out of use. */
  readonly served = new Set<SigningAlgorithmName>();
  /** After a key is retired, clocks that are behind may still see an earlier one sign until then. */
  settlesAt = 0;
  /** The keys that must sign from a time on, because of `--now` or a revocation, until something else changes. */
  readonly expected = new Map<SigningAlgorithmName, { readonly keyId: string; readonly from: number }>();
  /** Increases with each change of the store. */
  version = 0;
  readonly #eventIds = countingIds();

  constructor(store: SharedStore, settings: Story["settings"]) {
    this.store = store;
    this.settings = settings;
    this.times = keyTimesOf({ ...settings, signingAlgorithm: "ES256", audienceAlgorithms: new Map() });
  }

  /** Makes the first key, as the first start of a service does, and starts the nodes. */
  static async open(store: SharedStore, { settings, nodes }: Story): Promise<World> {
    await store.clear();
    const world = new World(store, settings);
    const [first = { clockOffset: 0, lag: 1, choice: 0 }] = nodes;
    const fresh = await world.maker.generate("ES256");
    const now = world.time + first.clockOffset;
    const change = addDueKey([], { fresh, activeFrom: now }, now);
    await world.keysOf(first).change([fresh], () => ok({ ...change, event: eventWith() }));
    for (const [place, facts] of nodes.entries()) await world.startNode(place, facts);
    return world;
  }

  /** How long a verifier may go by a JWKS. Some ignore its lifetime, and ask again only for an unknown `kid`. */
  get longestCache(): number {
    return Math.max(this.times.jwksMaxAge, cooldown);
  }

  nowOf = ({ clockOffset }: NodeFacts): number => this.time + clockOffset;

  /** Whether callers and verifiers reach a node: it is ready, or the grace is not over. */
  serves = ({ cutOffAt }: Node): boolean => cutOffAt === null || this.time <= cutOffAt + this.settings.storeGrace;

  /** Whether a node has read the store since a change. */
  hasSeen = (node: Pick<Node, "version">, { version }: Pick<Occurrence, "version">): boolean => node.version >= version;

  async startNode(place: number, facts: NodeFacts): Promise<void> {
    const choice = choices[facts.choice] ?? { byDefault: "ES256", byAudience: new Map() };
    const ring = new KeyRing({
      ...{ source: this.store, clock: { now: () => this.nowOf(facts) }, times: this.times, algorithms: choice },
    });
    await ring.refresh();
    this.nodes[place] = { facts, choice, ring, version: this.version, outdatedAt: Infinity, cutOffAt: null };
  }

  /** Moves the time, and stops whenever a node reads the store or the time changes something. */
  async advance(milliseconds: number, observe: () => Promise<void>): Promise<void> {
    const end = this.time + milliseconds;
    while (this.time < end) {
      this.time = Math.min(end, ...this.#turningPoints(end).filter((at) => at > this.time));
      for (const node of this.nodes) if (this.time >= this.#readsAt(node)) await this.read(node);
      await observe();
    }
  }

  /** Lets verifiers fetch the JWKS of a node. */
  publish(node: Node): void {
    const keyIds = new Set(node.ring.published.map(({ kid }) => kid ?? ""));
    const last = this.snapshots.findLast((one) => one.node === node);
    const isCutOff = node.cutOffAt !== null;
    const isSame = last?.isCutOff === isCutOff && [...keyIds].join() === [...last.keyIds].join();
    const snapshot = isSame ? last : { node, keyIds, isCutOff, version: 0, until: 0 };
    if (!isSame) this.snapshots.push(snapshot);
    Object.assign(snapshot, { version: node.version, until: this.time });
  }

  async read(node: Node): Promise<void> {
    await node.ring.refreshAnew();
    node.version = this.version;
    node.outdatedAt = Infinity;
  }

  /** Changes the ring as an operator does at a node. */
  async change(
    node: Node,
    pairs: readonly FreshKeyPair[],
    decide: (keys: readonly SigningKeyRecord[], facts: ChangeFacts) => Result<KeyChange, KeyRefusal>,
  ): Promise<KeyChange | undefined> {
    const facts = { now: this.nowOf(node.facts), times: this.times };
    const stored = await this.keysOf(node.facts).change(pairs, (keys) => {
      const decided = decide(keys, facts);
      const event = eventWith({ id: this.#eventIds.next(), objects: decided.ok ? keyObjects(decided.value) : [] });
      return decided.ok ? ok({ ...decided.value, event }) : decided;
    });
    await this.read(node);
    return stored.ok ? stored.value : undefined;
  }

  keepKeys({ facts, choice }: Node): Promise<void> {
    return keepKeys(
      { inUse: algorithmsInUse(choice), rotation: this.settings.keyRotation },
      {
        ...{ clock: { now: () => this.nowOf(facts) }, keyMaker: this.maker, keyTimes: this.times },
        ...{ signingKeys: this.keysOf(facts), eventIds: this.#eventIds, recorder: { record: () => {} } },
        origin: serviceOrigin("key_created"),
      },
    );
  }

  /** The store, but the world sees each change. */
  keysOf({ clockOffset }: Pick<NodeFacts, "clockOffset">): SigningKeyStore {
    const { store } = this;
    return {
      list: () => store.list(),
      change: async (pairs, decide) => {
        const stored = await store.change(pairs, decide);
        if (stored.ok && stored.value.keys.length > 0) this.#note(stored.value, clockOffset);
        return stored;
      },
      delete: async (keyIds) => {
        await store.delete(keyIds);
        this.#noteChange();
      },
    };
  }

  #note({ keys }: KeyChange, clockOffset: number): void {
    this.#noteChange();
    for (const { before, after } of keys) {
      this.expected.delete(after.algorithm);
      const occurrence = { version: this.version, record: after, clockOffset, at: this.time };
      if (before === null) this.added.set(after.keyId, occurrence);
      if (after.revokedAt !== null) this.revoked.set(after.keyId, occurrence);
    }
  }

  #noteChange(): void {
    this.version++;
    for (const node of this.nodes) node.outdatedAt = Math.min(node.outdatedAt, this.time);
  }

  /** When a node reads the store. Nothing would be new to it unless there was a change. */
  #readsAt({ cutOffAt, outdatedAt, facts }: Node): number {
    return cutOffAt === null ? outdatedAt + facts.lag : Infinity;
  }

  #turningPoints(end: number): readonly number[] {
    const ofNodes = this.nodes.flatMap((node) => {
      const changes = node.ring.states.map(({ endsAt }) => (endsAt ?? Infinity) - node.facts.clockOffset);
      return [this.#readsAt(node), (node.cutOffAt ?? Infinity) + this.settings.storeGrace, ...changes];
    });
    const ends = [...this.tokensUntil.values()].map((until) => until - 1);
    return [...ofNodes, ...ends, end - this.longestCache + 1];
  }
}
