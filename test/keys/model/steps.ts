import type { AlgorithmChoice } from "@carnet/core/key/key-ring";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import fc from "fast-check";

/** What can happen in a world, as data, so that fast-check can shrink it. */
export type Step =
  | { readonly kind: "advance"; readonly times: number; readonly unit: Unit; readonly upkeep: boolean }
  | { readonly kind: "upkeep"; readonly nodes: readonly number[] }
  /** `count`: how often, a second apart. */
  | {
      readonly kind: "rotate";
      readonly node: number;
      readonly algorithm: SigningAlgorithmName;
      readonly now: boolean;
      readonly count: number;
    }
  | {
      readonly kind: "import";
      readonly node: number;
      readonly algorithm: SigningAlgorithmName;
      readonly again: boolean;
    }
  /** `key`: its place among the stored ones, the newest first. */
  | { readonly kind: "retire" | "revoke"; readonly node: number; readonly key: number }
  | ({ readonly kind: "restart"; readonly node: number } & NodeFacts)
  | { readonly kind: "configure"; readonly choice: number }
  | { readonly kind: "cut_off" | "reconnect"; readonly node: number };

/** Lengths of time that matter to the ring. */
export type Unit = "ms" | "s" | "jwksMaxAge" | "publication" | "rotation" | "day";

export interface NodeFacts {
  /** How far its clock is ahead, in milliseconds. */
  readonly clockOffset: number;
  /** How long after a change it reads the store, in milliseconds. */
  readonly lag: number;
  /** Which of `choices` it is configured with. */
  readonly choice: number;
}

/** How far the clock of a node may be wrong, in milliseconds. */
export const clockError = 3000;

/** How long a node may take to learn of a change, in milliseconds. It polls every half second. */
export const longestLag = 1000;

/** How long verifiers such as `jose` wait, after they fetched the JWKS, before an unknown `kid` makes them ask again. */
export const cooldown = 30_000;

export const audiences = [null, "https://a.example", "https://b.example"] as const;

/** The settings of nodes. During a change of the settings, nodes differ. */
export const choices: readonly AlgorithmChoice[] = [
  { byDefault: "ES256", byAudience: new Map() },
  { byDefault: "ES256", byAudience: new Map([["https://a.example", "Ed25519"]]) },
  { byDefault: "Ed25519", byAudience: new Map() },
  { byDefault: "ES384", byAudience: new Map([["https://a.example", "ES256"]]) },
];

const node = fc.nat(2);
const algorithm = fc.constantFrom<SigningAlgorithmName>("ES256", "ES256", "Ed25519", "ES384");
const choice = fc.nat(choices.length - 1);
const facts = {
  clockOffset: fc.integer({ min: -clockError, max: clockError }),
  lag: fc.integer({ min: 1, max: longestLag }),
};

const units: Readonly<Record<Unit, readonly number[]>> = {
  ms: [1, 400],
  s: [1, 5],
  jwksMaxAge: [0.5, 1],
  publication: [0.5, 1, 1.01],
  rotation: [0.5, 1],
  day: [0.5, 1, 1.1, 3],
};
const spans = Object.entries(units).flatMap(([unit, times]) =>
  times.map((each) => ({ unit: unit as Unit, times: each })),
);

const kind = <const Kind extends Step["kind"]>(name: Kind) => ({ kind: fc.constant(name) });
const advance = fc
  .tuple(fc.constantFrom(...spans), fc.boolean())
  .map(([span, upkeep]): Step => ({ kind: "advance", ...span, upkeep }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: advance },
  { weight: 1, arbitrary: fc.record({ ...kind("upkeep"), nodes: fc.array(node, { minLength: 1, maxLength: 3 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...kind("rotate"),
      node,
      algorithm,
      now: fc.boolean(),
      count: fc.constantFrom(1, 1, 1, 15),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...kind("import"), node, algorithm, again: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ ...kind("retire"), node, key: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ ...kind("revoke"), node, key: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ ...kind("restart"), node, choice, ...facts }) },
  { weight: 1, arbitrary: fc.record({ ...kind("configure"), choice }) },
  { weight: 1, arbitrary: fc.record({ ...kind("cut_off"), node }) },
  { weight: 1, arbitrary: fc.record({ ...kind("reconnect"), node }) },
);

export interface Story {
  /** Settings of every node, in milliseconds. */
  readonly settings: { readonly jwksMaxAge: number; readonly storeGrace: number; readonly keyRotation: number | null };
  readonly nodes: readonly NodeFacts[];
  readonly steps: readonly Step[];
}

const day = 86_400_000;

export const story: fc.Arbitrary<Story> = fc.record({
  settings: fc.record({
    jwksMaxAge: fc.constantFrom(15_000, 300_000, day),
    storeGrace: fc.constantFrom(0, 900_000, day / 4),
    keyRotation: fc.constantFrom(null, day, 90 * day),
  }),
  nodes: fc.array(fc.record({ ...facts, choice: fc.constantFrom(0, 0, 0, 1) }), { minLength: 3, maxLength: 3 }),
  steps: fc.array(step, { minLength: 10, maxLength: 40, size: "max" }),
});
