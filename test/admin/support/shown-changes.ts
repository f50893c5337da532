import type { SigningKey } from "@carnet/protocol/admin/keys";
import type { AdminApi } from "../../support/admin-api.ts";
import type { RecordedObject } from "./recorded-events.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Every client and secret of some clients, every scope, owner, signing key and pepper, as GET shows them: by type, client and id. */
export type Shown = ReadonlyMap<string, { readonly object: Pick<RecordedObject, "type">; readonly fields: Fields }>;

const secretFields = ["label", "not_before", "expires_at", "ends_when_idle_for", "revoked_at"];

export async function show(api: AdminApi, clientIds: readonly string[]): Promise<Shown> {
  const shown = new Map<string, { object: Pick<RecordedObject, "type">; fields: Fields }>();
  const { json } = await api.expect(200, "GET", "/scopes");
  for (const { name, description } of Object(json["scopes"]))
    shown.set(`scope ${name}`, { object: Object({ type: "scope", id: name }), fields: { description } });
  const owners: readonly Fields[] = Object((await api.expect(200, "GET", "/owners")).json["owners"]);
  for (const { name, description, contact, policy } of owners) {
    const lines = Object.entries(Object(policy)).map(([line, value]) => [`policy.${line}`, value]);
    const fields = { description, contact, ...Object.fromEntries(lines) };
    shown.set(`owner ${name}`, { object: Object({ type: "owner", id: name, owner: name }), fields });
  }
  for (const { kid, algorithm, active_from, retired_at, revoked_at } of await keysOf(api))
    shown.set(`key ${kid}`, {
      object: Object({ type: "key", id: kid }),
      fields: { algorithm, active_from, retired_at, revoked_at },
    });
  const { peppers } = Object((await api.expect(200, "GET", "/peppers")).json);
  for (const { pepper_id, used_from, ends_at } of peppers)
    shown.set(`pepper ${pepper_id}`, {
      object: Object({ type: "pepper", id: pepper_id }),
      fields: { used_from, ends_at },
    });
  for (const clientId of clientIds) {
    const { status, json } = await api.call("GET", `/clients/${clientId}`);
    if (status === 404) continue;
    const { client_id, created_at, updated_at, secrets, warnings, ...fields } = json;
    shown.set(`client ${clientId}`, { object: Object({ type: "client", client_id, owner: fields["owner"] }), fields });
    for (const { secret_id: id, ...secret } of Object(secrets)) {
      const own = Object.entries(secret).filter(([name]) => secretFields.includes(name));
      shown.set(`secret ${id}`, {
        object: Object({ type: "secret", id, client_id, owner: fields["owner"] }),
        fields: Object.fromEntries(own),
      });
    }
  }
  return shown;
}

const keysOf = async (api: AdminApi): Promise<readonly SigningKey[]> =>
  Object((await api.expect(200, "GET", "/keys")).json["keys"]);

/** What an event must say, given what GET showed before and after. A field of a new or a deleted object is named if it is set. */
export function differences(before: Shown, after: Shown): readonly RecordedObject[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [old, next] = [before.get(key), after.get(key)];
    const names = Object.keys({ ...old?.fields, ...next?.fields });
    const changes = names.flatMap((name) => {
      const change = { before: old?.fields[name] ?? null, after: next?.fields[name] ?? null };
      const isEmpty = ["null", '""', "[]", "{}"].includes(JSON.stringify(change.before ?? change.after));
      const differs = old && next ? JSON.stringify(change.before) !== JSON.stringify(change.after) : !isEmpty;
      return differs ? [[name, change]] : [];
    });
    const action = old === undefined ? "created" : next === undefined ? "deleted" : "changed";
    if (action === "changed" && changes.length === 0) return [];
    return [Object({ ...(next ?? old)?.object, action, changes: Object.fromEntries(changes) })];
  });
}

/** Adds what GET does not show: that tokens were revoked. */
export function withRevoked(
  changed: readonly RecordedObject[],
  revoked: readonly Omit<RecordedObject, "action">[],
): readonly RecordedObject[] {
  const keys = new Set(revoked.map(keyOf));
  return [
    ...changed.filter((object) => !keys.has(keyOf(object))),
    ...revoked.map((object) => {
      const same = changed.find((one) => keyOf(one) === keyOf(object));
      return { ...object, action: "changed", changes: { ...same?.changes, ...object.changes } };
    }),
  ];
}

/** In an order that does not depend on the service. */
export const sorted = (objects: readonly RecordedObject[]): readonly RecordedObject[] =>
  [...objects].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));

const keyOf = ({ type, id, client_id }: Omit<RecordedObject, "action">): string => `${type} ${id ?? client_id}`;
