import type { PlantedFault } from "./plant-fault.ts";

/** Wrong lines of the key ring that the model must find. */

interface Fault {
  readonly name: string;
  readonly code: string;
  readonly fault: string;
}

const inRing: readonly Fault[] = [
  {
    name: "a key is removed while its tokens are valid",
    code: "endOfRevocation(stoppedAt) + publication",
    fault: "stoppedAt + publication",
  },
  {
    name: "a key is removed although a node that cannot read the store signs with it",
    code: "endOfRevocation(stoppedAt) + publication",
    fault: "endOfRevocation(stoppedAt)",
  },
  {
    name: "a revoked key goes on",
    code: 'if (key.revokedAt !== null) return { key, state: "revoked", endsAt: null };',
    fault: "",
  },
  {
    name: "a key stops when it gets a successor, not when the successor starts",
    code: "other > place && started[other]",
    fault: "other > place",
  },
  {
    name: "a key does not stop when its successor starts",
    code: "Math.min(key.retiredAt ?? Infinity, next?.activeFrom ?? Infinity)",
    fault: "key.retiredAt ?? Infinity",
  },
  {
    name: "a retired key goes on",
    code: "Math.min(key.retiredAt ?? Infinity, next?.activeFrom ?? Infinity)",
    fault: "next?.activeFrom ?? Infinity",
  },
  {
    name: "a key signs from its publication on",
    code: "key.activeFrom <= latest && !neverSigns(key)",
    fault: "key.createdAt <= latest && !neverSigns(key)",
  },
  { name: "a key that was retired before it signed takes over", code: " && !neverSigns(key)", fault: "" },
  {
    name: "after a revocation, a clock that is behind has no key",
    code: "Math.max(now, ...group.map(({ revokedAt }) => (revokedAt ?? 0) + 1))",
    fault: "now",
  },
  {
    name: "the earlier key takes over from the later one",
    code: "left.activeFrom - right.activeFrom ||",
    fault: "right.activeFrom - left.activeFrom ||",
  },
  { name: "an audience gets the default algorithm", code: "of(chosen) ??", fault: "" },
  {
    name: "the first key of an algorithm signs at once",
    code: "of(chosen) ??",
    fault: "ring.find(({ key, state }) => key.algorithm === chosen && isPublished(state))?.key ??",
  },
  {
    name: "nothing signs until the first key of a new default does",
    code: "active.toSorted(bySigningOrder).at(-1) ??",
    fault: "",
  },
  {
    name: "a clock that is behind at the first start has no key",
    code: "upcoming.toSorted(bySigningOrder)[0]",
    fault: "undefined",
  },
  {
    name: "upcoming keys are not published",
    code: 'state === "upcoming" || state === "active" || state === "retiring";',
    fault: 'state === "active" || state === "retiring";',
  },
  { name: "retiring keys are not published", code: ' || state === "retiring";', fault: ";" },
];

const inChanges: readonly Fault[] = [
  {
    name: "a key is added twice",
    code: "if (keys.some(({ keyId }) => keyId === fresh.keyId))",
    fault: "if (keys.length === 0)",
  },
  { name: "a new key always signs at once", code: "immediately ? now : now + times.publication", fault: "now" },
  {
    name: "a new key signs after one cache lifetime",
    code: "immediately ? now : now + times.publication",
    fault: "immediately ? now : now + times.jwksMaxAge",
  },
  {
    name: "keys without end are published",
    code: "retiring.length + 1 >= mostPublished",
    fault: "retiring.length < 0",
  },
  {
    name: "`--now` changes nothing",
    code: "activeFrom: afterOthers(earlier, upcoming, now)",
    fault: "activeFrom: upcoming.activeFrom",
  },
  {
    name: "a key of a clock that is behind starts before the earlier one",
    code: "Math.max(activeFrom, ...others.map((key) => key.activeFrom + 1))",
    fault: "Math.max(activeFrom, others.length * 0)",
  },
  {
    name: "a retired key hands over to one that verifiers do not know",
    code: "upcoming.createdAt + times.publication <= now",
    fault: "upcoming.createdAt <= now",
  },
  {
    name: "the last key can be retired",
    code: "if (!isOnly && !inUse.has(key.algorithm))",
    fault: "if (!inUse.has(key.algorithm))",
  },
  {
    name: "an algorithm in use can be retired",
    code: "if (!isOnly && !inUse.has(key.algorithm))",
    fault: "if (!isOnly)",
  },
  {
    name: "a revoked key has no successor",
    code: "return ok({ keys: [revoked, ...successor.keys] });",
    fault: "return ok({ keys: [revoked] });",
  },
  {
    name: "only the successor is stored",
    code: "return ok({ keys: [revoked, ...successor.keys] });",
    fault: "return ok(successor);",
  },
  {
    name: "a revoked key that is not active is not revoked",
    code: "if (!signs(key, keys, facts)) return ok({ keys: [revoked] });",
    fault: "if (!signs(key, keys, facts)) return ok({ keys: [] });",
  },
  {
    name: "no key is made for a new algorithm",
    code: "if (active === undefined) return [{ algorithm, activeFrom: now + times.publication }];",
    fault: "if (active === undefined) return [];",
  },
  {
    name: "no key is made before one is too old",
    code: "if (active.activeFrom + rotation - times.publication > now) return [];",
    fault: "if (now > 0) return [];",
  },
  {
    name: "a late rotation signs at once",
    code: "Math.max(active.activeFrom + rotation, now + times.publication)",
    fault: "active.activeFrom + rotation",
  },
  {
    name: "each upkeep makes a key",
    code: 'if (inState(keys, "upcoming", algorithm, facts) !== undefined) return [];',
    fault: "",
  },
  {
    name: "retiring keys are deleted",
    code: 'state === "removed" ? [key.keyId]',
    fault: 'state === "removed" || state === "retiring" ? [key.keyId]',
  },
  {
    name: "revoked keys are deleted",
    code: 'state === "removed" ? [key.keyId]',
    fault: 'state === "removed" || state === "revoked" ? [key.keyId]',
  },
  { name: "removed keys are kept", code: 'state === "removed" ? [key.keyId]', fault: "now < 0 ? [key.keyId]" },
  {
    name: "the warning ends too early",
    code: "createdAt + times.jwksMaxAge;",
    fault: "createdAt + times.jwksMaxAge / 2;",
  },
];

const inProcess: readonly Fault[] = [
  {
    name: "a process keeps the keys that it read first",
    code: "    this.#keys = keys;",
    fault: "    if (this.#keys.length === 0) this.#keys = keys;",
  },
  {
    name: "a process opens private keys only when they are due",
    code: 'state !== "upcoming" && state !== "active"',
    fault: 'state !== "active"',
  },
  { name: "a process keeps its view of the keys", code: "    this.#view = undefined;\n", fault: "" },
];

const inSettings: readonly Fault[] = [
  {
    name: "the publication time leaves out the store's grace",
    code: "2 * jwksMaxAge + storeGrace + margin",
    fault: "2 * jwksMaxAge + margin",
  },
  {
    name: "the publication time is one cache lifetime and the grace",
    code: "2 * jwksMaxAge + storeGrace + margin",
    fault: "jwksMaxAge + storeGrace",
  },
];

const inRevocation: readonly Fault[] = [
  {
    name: "the revocation of a key is forgotten too early",
    code: "endOfRevocation(now) + longestStoreGrace",
    fault: "now + 3_600_000",
  },
];

const of = (file: PlantedFault["file"], faults: readonly Fault[]) => faults.map((fault) => ({ ...fault, file }));

export const faults: readonly (Fault & PlantedFault)[] = [
  ...of("core/src/key/key-ring.ts", inRing),
  ...of("core/src/key/key-changes.ts", inChanges),
  ...of("server/src/crypto/key-ring.ts", inProcess),
  ...of("server/src/configuration/key-settings.ts", inSettings),
  ...of("core/src/revocation/revocation.ts", inRevocation),
];
