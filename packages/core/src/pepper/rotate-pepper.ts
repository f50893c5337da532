import { deadlines } from "@carnet/protocol/admin/pepper-deadlines";
import { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import { type AdminProblem, invalid } from "../admin-problem.ts";
import { difference, isoTime } from "../audit/client-changes.ts";
import type { ChangedObject } from "../audit/event.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import { drawSecretId } from "../client/draw.ts";
import type { Clock, RandomSource } from "../ports.ts";
import { addPepper, isDeletable, type PepperChange, type PepperRecord } from "./pepper.ts";
import type { PepperStore } from "./pepper-store.ts";

export interface PepperPorts extends ChangeRecorderPorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly peppers: PepperStore;
}

/**
 * Begins to replace the pepper: new secrets get digests under a new one, and older secrets move to it when they are used.
 * Those that were not used by the deadline, in seconds from now, end. Refuses with `invalid` and `rotation_in_progress`.
 */
export async function rotatePepper(
  { deadlineIn }: { readonly deadlineIn: number },
  { clock, random, peppers, ...ports }: PepperPorts,
): Promise<Result<PepperChange, AdminProblem>> {
  const now = clock.now();
  const { shortest, longest } = deadlines;
  if (!Number.isInteger(deadlineIn) || deadlineIn < shortest || deadlineIn > longest)
    return invalid([
      { pointer: "/deadline_in", detail: `must be a whole number of seconds from ${shortest} to ${longest}` },
    ]);
  const deadline = now + deadlineIn * 1000;
  const pepperId: string = drawSecretId(random);
  const key = new Redacted(random.bytes(32));
  const rotated = await peppers.rotate((current) => {
    const change = addPepper(current, { pepperId, deadline }, now);
    if (!change.ok) return change;
    return ok({
      ...change.value,
      key,
      event: changed({ at: now, objects: pepperObjects(change.value, current) }, ports),
    });
  });
  if (!rotated.ok) return rotated;
  await ports.recorder.record(rotated.value.event);
  return ok({ added: rotated.value.added, replaced: rotated.value.replaced });
}

const pepperObjects = (
  { added, replaced }: PepperChange,
  before: readonly PepperRecord[],
): readonly ChangedObject[] => [
  ...difference(objectOf(added), null, pepperFields(added)),
  ...before
    .filter(({ pepperId }) => pepperId === replaced.pepperId)
    .flatMap((old) => difference(objectOf(old), pepperFields(old), pepperFields(replaced))),
];

const objectOf = ({ pepperId }: PepperRecord) => ({ type: "pepper", id: pepperId, clientId: null }) as const;

const pepperFields = ({ usedFrom, endsAt }: PepperRecord) => ({
  used_from: isoTime(usedFrom),
  ends_at: isoTime(endsAt),
});

/** Deletes the keys of ended peppers, and records how many secrets ended with each. Every node runs it. */
export async function deleteEndedPeppers({ clock, peppers, ...ports }: Omit<PepperPorts, "random">): Promise<void> {
  const now = clock.now();
  for (const pepper of (await peppers.list()).filter((one) => isDeletable(one, now))) {
    const objects = difference(objectOf(pepper), pepperFields(pepper), null);
    const event = await peppers.deleteKey(pepper.pepperId, now, (ended) =>
      changed({ at: now, objects, warning: endedWarning(ended) }, ports),
    );
    if (event !== undefined) await ports.recorder.record(event);
  }
}

const endedWarning = (ended: number): string | null =>
  ended === 0
    ? null
    : `${ended} ${ended === 1 ? "secret has" : "secrets have"} ended, because nobody used ${ended === 1 ? "it" : "them"} in time`;
