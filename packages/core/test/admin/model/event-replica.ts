import assert from "node:assert/strict";
import { clientFields, secretFields } from "@carnet/core/audit/client-changes";
import type { ChangedObject, FieldValue, ObjectsChanged } from "@carnet/core/audit/event";
import type { Client } from "@carnet/core/client/client";

type Fields = Readonly<Record<string, FieldValue>>;

/** Clients and secrets as the events alone describe them. */
export class EventReplica {
  readonly #objects = new Map<string, Fields>();

  /** Applies an event. Each field must have had the value that the event names as the one before. */
  apply({ objects }: ObjectsChanged): void {
    assert.ok(objects.length > 0);
    for (const object of objects) this.#applyTo(object);
  }

  /** Asserts that the events add up to exactly these clients. */
  assertDescribes(clients: readonly Client[]): void {
    const expected = clients.flatMap((client): [string, Fields][] => [
      [`client ${client.clientId}`, withoutEmpty({ ...clientFields(client) })],
      ...client.secrets.map((secret): [string, Fields] => [
        `secret ${secret.secretId} of ${client.clientId}`,
        withoutEmpty({ ...secretFields(secret) }),
      ]),
    ]);
    assert.deepEqual(Object.fromEntries(this.#objects), Object.fromEntries(expected));
  }

  #applyTo({ type, id, clientId, action, changes }: ChangedObject): void {
    const key = clientId === null ? `${type} ${id}` : `${type} ${id} of ${clientId}`;
    const fields = this.#objects.get(key);
    assert.equal(fields === undefined, action === "created", key);
    const { tokens, ...fieldChanges } = changes; // not a field: it says that the tokens were revoked
    for (const [name, { before, after }] of Object.entries(fieldChanges)) {
      assert.deepEqual(withoutEmpty({ [name]: fields?.[name] ?? null }), withoutEmpty({ [name]: before }), key);
      assert.notDeepEqual(before, after);
    }
    const next = Object.fromEntries(Object.entries(fieldChanges).map(([name, { after }]) => [name, after]));
    const left = withoutEmpty({ ...fields, ...next });
    if (action !== "deleted") this.#objects.set(key, left);
    else assert.deepEqual([left, this.#objects.delete(key)], [{}, true], "an event of a deletion names every field");
  }
}

/** A field of a new object is named only if it is set. */
const withoutEmpty = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => !["null", '""', "[]", "{}"].includes(JSON.stringify(value))),
  );
