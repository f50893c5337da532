import { type Err, ok, type Result } from "@carnet/protocol/result";
import { matches } from "../admin/change-client.ts";
import { type Authority, ownsAll } from "../admin/permission.ts";
import { type AdminProblem, invalid, problem, problemsUnder } from "../admin-problem.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import { unknownScopes } from "../client/register-client.ts";
import type { Clock } from "../ports.ts";
import type { ScopeCatalogue } from "../scope/scope-catalogue.ts";
import { defaultOwner, type Owner, ownerName } from "./owner.ts";
import { ownerChanges } from "./owner-fields.ts";
import type { OwnerStore } from "./owner-store.ts";
import { defaultOwnerSettings, type OwnerInput, readOwner } from "./read-owner.ts";

export interface OwnerPorts extends ChangeRecorderPorts {
  readonly clock: Clock;
  readonly owners: OwnerStore;
  readonly scopes: ScopeCatalogue;
  readonly authority: Authority;
}

/** The owner that an operation changes, and the version of it that the caller has seen. */
export interface OwnerTarget {
  readonly name: string;
  /** The entity tags of `If-Match`; undefined: any version. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
  readonly ifMatch: readonly string[] | undefined;
}

/** Finds an owner. Refuses with `not_found`, even if the owner exists but is not the caller's. */
export async function findOwner(
  name: string,
  { owners, authority }: Pick<OwnerPorts, "owners" | "authority">,
): Promise<Result<Owner, AdminProblem>> {
  const owner = ownsAll(authority.caller, [name]) ? await owners.find(name) : undefined;
  return owner === undefined ? problem("not_found", "no owner has this name") : ok(owner);
}

/** Stores a new owner with its event. Refuses with `invalid` and all invalid fields, or with `taken`. */
export async function createOwner(
  { name, ...input }: OwnerInput & { readonly name: string },
  ports: OwnerPorts,
): Promise<Result<Owner, AdminProblem>> {
  const named = ownerName(name);
  const settings = readOwner(input, defaultOwnerSettings);
  const problems = [
    ...(named.ok ? [] : [{ pointer: "/name", detail: named.error }]),
    ...(settings.ok ? [] : settings.error),
    ...(await unknownInPolicy(input, [], ports)),
  ];
  if (!settings.ok || problems.length > 0) return invalid(problems);
  const now = ports.clock.now();
  const owner: Owner = { name, ...settings.value, createdAt: now, updatedAt: now, version: 1 };
  const event = changed({ at: now, objects: ownerChanges(null, owner) }, ports);
  if ((await ports.owners.insert(owner, { event })) === "taken") return nameTaken(name, ports);
  await ports.recorder.record(event);
  return ok(owner);
}

/** Names the existing owner, because people would mix up two owners whose names differ only in case. */
async function nameTaken(name: string, { owners }: Pick<OwnerPorts, "owners">): Promise<Err<AdminProblem>> {
  const existing = (await owners.list()).find((owner) => owner.name.toLowerCase() === name.toLowerCase())?.name ?? name;
  const why = existing === name ? "" : ", and names must differ in more than upper and lower case";
  return problem("taken", `the owner ${existing} exists already${why}`);
}

/**
 * Changes an owner, or only checks the change in a dry run, which keeps its version and times. If nothing differs, the version stays the same. Does not
 * touch the owner's clients. Refuses with `invalid`, `not_found` and `changed`.
 */
export async function changeOwner(
  { dryRun, ...target }: OwnerTarget & { readonly dryRun: boolean },
  input: OwnerInput,
  ports: OwnerPorts,
): Promise<Result<Owner, AdminProblem>> {
  for (;;) {
    const found = await findVersion(target, ports);
    if (!found.ok) return found;
    const before = found.value;
    const settings = readOwner(input, before);
    const unknown = await unknownInPolicy(input, before.policy.scopes ?? [], ports);
    if (!settings.ok || unknown.length > 0) return invalid([...(settings.ok ? [] : settings.error), ...unknown]);
    const now = ports.clock.now();
    const after: Owner = { ...before, ...settings.value, updatedAt: now, version: before.version + 1 };
    const objects = ownerChanges(before, after);
    if (objects.length === 0) return ok(before);
    if (dryRun) return ok({ ...before, ...settings.value });
    const event = changed({ at: now, objects }, ports);
    if ((await ports.owners.replace(after, { event })) === "changed") continue;
    await ports.recorder.record(event);
    return ok(after);
  }
}

/**
 * Deletes an owner. Refuses with `not_found` and `changed`, and with `in_use` while it has clients or an admin is bound
 * to it.
 */
export async function deleteOwner(target: OwnerTarget, ports: OwnerPorts): Promise<Result<undefined, AdminProblem>> {
  for (;;) {
    const found = await findVersion(target, ports);
    if (!found.ok) return found;
    if (target.name === defaultOwner)
      return problem("in_use", `the owner ${defaultOwner} always exists, because it gets clients that name no other`);
    const event = changed({ at: ports.clock.now(), objects: ownerChanges(found.value, null) }, ports);
    const outcome = await ports.owners.delete(found.value, { event });
    if (outcome === "in_use")
      return problem("in_use", "the owner has clients, or admins are bound to it: transfer or delete them first");
    if (outcome === "changed") continue;
    await ports.recorder.record(event);
    return ok(undefined);
  }
}

async function findVersion(target: OwnerTarget, ports: OwnerPorts): Promise<Result<Owner, AdminProblem>> {
  const found = await findOwner(target.name, ports);
  if (!found.ok || matches(target, found.value)) return found;
  return problem("changed", "the owner was changed after its ETag was read: read it again and repeat the change");
}

async function unknownInPolicy({ policy }: OwnerInput, current: readonly string[], ports: OwnerPorts) {
  return problemsUnder("/policy", await unknownScopes({ scope: policy?.scope }, current, ports));
}
