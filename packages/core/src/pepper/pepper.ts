import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, problem } from "../admin-problem.ts";

/**
 * The HMAC keys of the digests of client secrets. A pepper has no stored state: its state follows from these facts and the
 * time, so all nodes agree on it without telling each other. Times are milliseconds since the epoch.
 */
export interface PepperRecord {
  readonly pepperId: string;
  /** Secrets are looked up under it from then on. */
  readonly createdAt: number;
  /** New secrets get digests under it from then on, and so does each older one when it is used. */
  readonly usedFrom: number;
  /** The deadline of its rotation: secrets that have not moved to the next pepper end with it. null: it was not rotated. */
  readonly endsAt: number | null;
  /** Whether its key is gone. The record stays, because it says when its secrets ended. */
  readonly isDeleted: boolean;
}

/** The pepper that a store begins with. */
export const firstPepper = "first";

/** How long every node knows a pepper before it is used, in milliseconds. Nodes read the peppers each half second. */
export const publication = 60_000;

/**
 * `upcoming`: looked up, but not used for new digests yet. `current`: used for new digests. `old`: secrets move away from
 * it. `ended`: not looked up any more.
 */
export type PepperState = "upcoming" | "current" | "old" | "ended";

/** The peppers with their states at a time, in the order in which secrets move from one to the next. */
export function peppersAt<Pepper extends PepperRecord>(
  peppers: readonly Pepper[],
  now: number,
): readonly { readonly pepper: Pepper; readonly state: PepperState }[] {
  const ordered = peppers.toSorted((left, right) => left.usedFrom - right.usedFrom);
  const current = ordered.findLast(({ usedFrom }) => usedFrom <= now) ?? ordered[0];
  return ordered.map((pepper) => {
    if (pepper === current) return { pepper, state: "current" };
    if (pepper.usedFrom > now) return { pepper, state: "upcoming" };
    return { pepper, state: pepper.endsAt !== null && pepper.endsAt <= now ? "ended" : "old" };
  });
}

/** The rotation that has not reached its deadline. undefined: none is in progress. */
export const rotationAt = (
  peppers: readonly PepperRecord[],
  now: number,
): (PepperRecord & { readonly endsAt: number }) | undefined =>
  peppers.flatMap((pepper) =>
    pepper.endsAt !== null && pepper.endsAt > now ? [{ ...pepper, endsAt: pepper.endsAt }] : [],
  )[0];

/** A new pepper, and the one that it replaces. */
export interface PepperChange {
  readonly added: PepperRecord;
  readonly replaced: PepperRecord;
}

/** Adds a pepper. The one that is used now ends at the deadline. Refuses while another rotation is in progress. */
export function addPepper(
  peppers: readonly PepperRecord[],
  { pepperId, deadline }: { readonly pepperId: string; readonly deadline: number },
  now: number,
): Result<PepperChange, AdminProblem> {
  const rotation = rotationAt(peppers, now);
  if (rotation !== undefined) return rotationInProgress(rotation.endsAt);
  const last = peppers.toSorted((left, right) => left.usedFrom - right.usedFrom).at(-1);
  if (last === undefined) throw new Error("the store has no pepper");
  // The clock of the node that made the last one may be ahead
  const usedFrom = Math.max(now + publication, last.usedFrom + 1);
  return ok({
    added: { pepperId, createdAt: now, usedFrom, endsAt: null, isDeleted: false },
    replaced: { ...last, endsAt: deadline },
  });
}

const rotationInProgress = (endsAt: number) =>
  problem(
    "rotation_in_progress",
    `secrets still move from the pepper before, until ${new Date(endsAt).toISOString()}: a third pepper would make each look-up slower, so wait until then; \`carnet pepper status\` shows the progress`,
  );

/** How long an ended pepper is kept, in milliseconds: other clocks may be behind. */
const keptAfterEnd = 60_000;

/** Whether nothing needs the key of a pepper any more. */
export const isDeletable = ({ endsAt, isDeleted }: PepperRecord, now: number): boolean =>
  !isDeleted && endsAt !== null && endsAt + keptAfterEnd <= now;
