import { generateKeyPairSync } from "node:crypto";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import type { Operation } from "@carnet/server/http/admin/operation";
import fc from "fast-check";
import { clientIds } from "./world.ts";

/** A call of one operation by one admin client. */
export interface Call {
  readonly operation: Operation;
  readonly actor: string;
  /** Which of the tokens of the actor, also those from before a change. */
  readonly token: number;
  readonly process: number;
  readonly target: string;
  readonly owner: string;
  readonly scope: string;
  readonly body: object | undefined;
}

const admins = clientIds.filter((id) => !/^(?:pay|sea)-/.test(id));
const platformAdmins = admins.filter((id) => id.startsWith("platform"));
const newIds = ["new-1", "new-2", "new-3"];

const target = fc.constantFrom(...clientIds, ...newIds);
const owner = fc.constantFrom("team-pay", "team-sea", "default", "team-none");
const scope = fc.constantFrom("file:read", "file:write", "graph:read", "carnet:introspect", "carnet:clients:write");

const settings = {
  client_name: fc.constantFrom("One", "Two", "Three"),
  owner,
  scope: fc.uniqueArray(scope, { maxLength: 2 }).map((scopes) => scopes.join(" ")),
  role: fc.constantFrom("admin", "operator", "auditor", null),
  role_owners: fc.constantFrom(null, ["team-pay"], ["team-sea"], ["team-pay", "team-sea"]),
  status: fc.constantFrom("active", "disabled"),
  audience: fc.constantFrom(null, "https://other.example.test", "urn:carnet:admin"),
  username: fc.constantFrom(null, "user@example.test"),
  access_token_ttl: fc.constantFrom(null, 60, 3600),
  claims: fc.constantFrom(null, { tier: "gold" }, { tier: null }, { region: "eu" }),
  expires_at: fc.constantFrom(null, "2026-11-21T12:00:20Z", "2030-01-01T00:00:00Z"),
};

/** Few fields at a time, because a body with many is hardly ever accepted. */
const change = fc
  .uniqueArray(fc.constantFrom(...(Object.keys(settings) as (keyof typeof settings)[])), { minLength: 1, maxLength: 2 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, settings[name]]))));
const newClient = fc
  .record({ client_id: fc.constantFrom(...newIds), owner, more: fc.option(change, { nil: {} }) })
  .map(({ more, ...given }) => ({ ...given, scope: "file:read", ...more }));
const newAdmin = fc.record({
  ...{ client_id: fc.constantFrom(...newIds), role: fc.constantFrom("admin", "operator", "auditor") },
  role_owners: settings.role_owners,
});
const policy = fc.record({ scope: fc.constantFrom(null, "file:read", "file:read file:write") });

const privateKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});

/** A body for each schema of the operations. */
export const bodies: Readonly<Record<string, fc.Arbitrary<object>>> = {
  NewClient: fc.oneof(newClient, newAdmin),
  ClientChange: change,
  ClientImport: newClient.map((client) => ({
    clients: [{ ...client, secret: { value: `imported-${client.client_id}-0123456789` } }],
  })),
  NewSecret: fc.constant({}),
  Rotation: fc.constantFrom({}, { end_old_when_idle_for: 60 }),
  NewRevocation: fc
    .tuple(target, fc.constantFrom({}, { issued_before: "1h" }))
    .map(([client_id, tokens]) => ({ client_id, ...tokens })),
  ScopeDescription: fc.constantFrom(
    { description: "One" },
    { description: "Two" },
    { description: "One", claims: { tier: "gold" } },
  ),
  NewOwner: fc.record({ name: fc.constantFrom("team-new", "team-none"), policy }),
  OwnerChange: fc.record({ policy }),
  KeyRotation: fc.record({ now: fc.boolean() }),
  KeyImport: fc.constant({ private_key: privateKey.toString() }),
  PepperRotation: fc.record({ deadline_in: fc.constantFrom(3600, 7_776_000) }),
};

const callOf = (operation: Operation, ofCall: Partial<Record<"actor" | "target", fc.Arbitrary<string>>> = {}) =>
  fc.record({
    ...{ operation: fc.constant(operation), actor: fc.constantFrom(...admins), token: fc.nat(3), process: fc.nat(1) },
    ...{ target, owner, scope, ...ofCall },
    body: (operation.body === undefined ? undefined : bodies[operation.body]) ?? fc.constant(undefined),
  });

const reads = adminOperations.filter(({ method }) => method === "GET");
const writes = adminOperations.filter(({ method }) => method !== "GET");
const ofOne = writes.filter(({ path }) => path.includes(":client_id"));
const changeOfClient = writes.filter(({ operationId }) => operationId === "changeClient");

const any = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...reads).chain((one) => callOf(one)) },
  { weight: 3, arbitrary: fc.constantFrom(...writes).chain((one) => callOf(one)) },
  { weight: 2, arbitrary: fc.constantFrom(...ofOne).chain((one) => callOf(one)) },
);

/** Two calls at once on one target. */
const race = target.chain((same) => {
  const onSame = fc.constantFrom(...ofOne).chain((one) => callOf(one, { target: fc.constant(same) }));
  return fc.tuple(onSame, onSame);
});

/** A client is moved to another team, or narrowed, while its own team acts on it. */
const overtaking = fc.constantFrom("pay-1", "pay-2").chain((same) => {
  const by = (operations: readonly Operation[], ...actors: readonly string[]) =>
    fc
      .constantFrom(...operations)
      .chain((one) => callOf(one, { actor: fc.constantFrom(...actors), target: fc.constant(same) }));
  const moved = fc.constantFrom({ owner: "team-sea" }, { owner: "team-pay" }, { scope: "" });
  const platform = fc.tuple(by(changeOfClient, ...platformAdmins), moved);
  return fc.tuple(
    platform.map(([call, body]): Call => ({ ...call, body })),
    by(ofOne, "admin-pay-1", "operator-pay"),
  );
});

/** The admin of a team asks for what its role or the policy of the team does not allow. */
const reach = fc
  .tuple(
    fc
      .constantFrom(...changeOfClient)
      .chain((one) => callOf(one, { actor: fc.constant("admin-pay-1"), target: fc.constantFrom("pay-1", "pay-2") })),
    fc.constantFrom(
      ...[{ scope: "file:read file:write" }, { scope: "file:read carnet:introspect" }],
      ...[
        { access_token_ttl: 3600 },
        { username: "user@example.test" },
        { role: "admin" },
        { claims: { level: "gold" } },
      ],
    ),
  )
  .map(([call, body]): Call => ({ ...call, token: 0, body }));

/** A member of a team registers a client that the policy of the team allows. */
const registration = fc
  .tuple(
    fc
      .constantFrom(...writes.filter(({ operationId }) => operationId === "createClient"))
      .chain((one) => callOf(one, { actor: fc.constantFrom("admin-pay-1", "operator-pay", "auditor-pay") })),
    fc.constantFrom(...newIds),
  )
  .map(([call, id]): Call => ({ ...call, body: { client_id: id, owner: "team-pay", scope: "file:read" } }));

/** Changes that take something from an admin. */
const less = fc.constantFrom(
  { role: null },
  { role: "auditor" },
  { status: "disabled" },
  { role_owners: ["team-sea"] },
);

/** Two platform admins turn against each other at once, in any way or by what takes the other's role. */
const duel = fc.boolean().chain((swapped) => {
  const [first = "", second = ""] = swapped ? platformAdmins.toReversed() : platformAdmins;
  const between = (actor: string, opponent: string, operations: readonly Operation[]) =>
    fc
      .constantFrom(...operations)
      .chain((one) => callOf(one, { actor: fc.constant(actor), target: fc.constant(opponent) }));
  const demote = (actor: string, opponent: string) =>
    fc.tuple(between(actor, opponent, changeOfClient), less).map(([call, body]): Call => ({ ...call, body }));
  return fc.tuple(fc.oneof(between(first, second, ofOne), demote(first, second)), demote(second, first));
});

/** An admin acts at one process, loses its role or status at the other one, and tries again. */
const demotion = fc.constantFrom(...admins).chain((actor) => {
  const at = (process: number, call: fc.Arbitrary<Call>) => call.map((one) => [{ ...one, process, token: 0 }]);
  const own = (operations: readonly Operation[]) =>
    fc.constantFrom(...operations).chain((one) => callOf(one, { actor: fc.constant(actor) }));
  const change = fc
    .constantFrom(...changeOfClient)
    .chain((one) => callOf(one, { actor: fc.constantFrom(...platformAdmins), target: fc.constant(actor) }));
  const demoted = fc.tuple(change, less).map(([call, body]): Call => ({ ...call, body }));
  return fc.tuple(at(1, own(reads)), at(0, demoted), at(1, own(writes)), at(1, own(reads)));
});

/** Calls that are sent at once, one lot after the other. */
export const episode: fc.Arbitrary<readonly (readonly Call[])[]> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.tuple(any)) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(any, any)) },
  { weight: 2, arbitrary: fc.tuple(race) },
  { weight: 2, arbitrary: fc.tuple(overtaking) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(reach)) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(registration)) },
  { weight: 2, arbitrary: fc.tuple(duel) },
  { weight: 2, arbitrary: demotion },
);
