import assert from "node:assert/strict";
import type { AdminCaller } from "@carnet/core/admin/admin-caller";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { changeOwner, createOwner, deleteOwner, type OwnerPorts } from "@carnet/core/owner/change-owner";
import type { OwnerInput } from "@carnet/core/owner/read-owner";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { MemoryScopeStore } from "@carnet/testkit/memory-scope-store";
import { eventQuery, withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

/** Owners in memory, with a closed catalogue of `file:read` and `file:write`. */
export async function ownerWorld() {
  const endpoint = new TestEndpoint();
  const scopeStore = new MemoryScopeStore();
  for (const name of ["file:read", "file:write"])
    await scopeStore.put({ name, description: "Files", claims: {} }, null, withEvent());
  const { clock, recorder, eventIds, authority, store, owners } = endpoint;
  const ports: OwnerPorts = {
    ...{ clock, recorder, eventIds, authority, owners },
    scopes: new ScopeCatalogue(scopeStore, false),
    origin: cliOrigin("owner_changed"),
  };
  const as = (caller: AdminCaller | undefined): OwnerPorts =>
    caller === undefined ? ports : { ...ports, authority: { ...authority, caller } };
  return {
    ...{ endpoint, owners, ports, clock, store, as },
    create: (input: OwnerInput & { readonly name: string }) => createOwner(input, ports),
    change: (name: string, input: OwnerInput, more: { ifMatch?: readonly string[]; dryRun?: boolean } = {}) =>
      changeOwner({ name, ifMatch: more.ifMatch, dryRun: more.dryRun ?? false }, input, ports),
    remove: (name: string, ifMatch?: readonly string[]) => deleteOwner({ name, ifMatch }, ports),
    /** The objects of the events, newest first. */
    async events(): Promise<readonly Record<string, unknown>[]> {
      const stored = await endpoint.storedEvents.search(eventQuery());
      return stored.map(({ json }) => JSON.parse(json));
    },
  };
}

/** The kind of a refusal and the pointers of its errors. */
export function refusal(outcome: { ok: boolean; error?: { kind: string; errors?: readonly { pointer: string }[] } }) {
  assert.ok(!outcome.ok && outcome.error !== undefined);
  return [outcome.error.kind, ...(outcome.error.errors ?? []).map(({ pointer }) => pointer)];
}

export function done<Value>(outcome: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  assert.ok(outcome.ok, outcome.ok ? "" : JSON.stringify(outcome.error));
  return outcome.value;
}
