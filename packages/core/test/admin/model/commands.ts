import assert from "node:assert/strict";
import { changeSettings, deleteClient, entityTagOf } from "@carnet/core/admin/change-client";
import { type AddedSecret, addSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import type { AdminProblem } from "@carnet/core/admin-problem";
import { registerClient } from "@carnet/core/client/register-client";
import { Redacted } from "@carnet/protocol/redacted";
import type { Result } from "@carnet/protocol/result";
import fc from "fast-check";
import {
  addTo,
  day,
  liveOf,
  type Model,
  type ModelClient,
  type ModelSecret,
  refusalToAdd,
  verdictOn,
} from "./model.ts";
import type { System } from "./system.ts";

type Command = fc.AsyncCommand<Model, System>;

/** A command without a precondition: the model decides the expected outcome. */
const command = (title: string, act: (model: Model, real: System) => Promise<void>): Command => ({
  check: () => true,
  async run(model, real) {
    model.changed.clear();
    await act(model, real);
    for (const clientId of model.changed) real.forget(clientId);
    await real.assertMatches(model);
  },
  toString: () => title,
});

const minute = 60_000;
const clientId = fc.constantFrom("a", "b");
const instantAfter = (now: number, minutes: number | null): string | null =>
  minutes === null ? null : new Date(now + minutes * minute).toISOString();

/** A new secret: the minutes until it starts and expires, and its value when it is imported. */
const terms = fc.record({
  from: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 3 }),
  until: fc.option(fc.integer({ min: 3, max: 5 }), { freq: 2 }),
  value: fc.option(fc.constantFrom("imported-secret-0123456789", "another-secret-0123456789"), { freq: 2 }),
});
type Terms = typeof terms extends fc.Arbitrary<infer Value> ? Value : never;

const inputOf = ({ from, until, value }: Terms, now: number) => ({
  not_before: instantAfter(now, from),
  expires_at: instantAfter(now, until),
  value: value === null ? undefined : new Redacted(value),
});

const secretOf = ({ from, until }: Terms, made: { value: string; secretId: string }, now: number): ModelSecret => ({
  ...made,
  notBefore: from === null ? null : now + from * minute,
  expiresAt: until === null ? null : now + until * minute,
  idle: null,
  revokedAt: null,
  lastUse: 0,
});

const create = fc.tuple(clientId, terms).map(([id, given]) =>
  command(`create ${id} with ${JSON.stringify(given)}`, async (model, real) => {
    real.clock.advance(1); // the creation time tells a new client from a deleted one with the same id
    model.now += 1;
    const outcome = await registerClient({ client_id: id, secret: inputOf(given, model.now) }, real.admin);
    assertKind(outcome, model.clients.has(id) ? "taken" : undefined);
    if (!outcome.ok) return;
    const { client, generatedSecret } = outcome.value;
    const value = given.value ?? generatedSecret?.reveal() ?? "";
    const secret = secretOf(given, { value, secretId: client.secrets[0]?.secretId ?? "" }, model.now);
    const nothing = { name: null, username: null, disabled: false, expiresAt: null };
    model.clients.set(id, { ...nothing, secrets: [secret], tag: entityTagOf(client) });
    model.everSeen.push({ clientId: id, value });
    real.forget(id);
  }),
);

/** Checks an outcome: a missing client must be refused, an existing one is passed to `then`. */
const onClient = (
  model: Model,
  id: string,
  outcome: Result<unknown, AdminProblem>,
  then: (client: ModelClient) => void,
): void => {
  const client = model.clients.get(id);
  if (client === undefined) assertKind(outcome, "not_found");
  else then(client);
};

function assertKind(outcome: Result<unknown, AdminProblem>, kind: string | undefined): void {
  assert.equal(outcome.ok ? undefined : outcome.error.kind, kind);
}

const settings = fc.oneof(
  fc.record({ client_name: fc.constantFrom("x", "y", null) }),
  fc.record({ username: fc.constantFrom("grace", null) }),
  fc.record({ status: fc.constantFrom("active", "disabled", null) }),
  fc.record({ minutes: fc.constantFrom(2, 4, null) }),
);

const change = fc.tuple(clientId, settings).map(([id, given]) =>
  command(`change ${id} to ${JSON.stringify(given)}`, async (model, real) => {
    const input = "minutes" in given ? { expires_at: instantAfter(model.now, given.minutes) } : given;
    const outcome = await changeSettings({ clientId: id, ifMatch: undefined }, input, real.admin);
    onClient(model, id, outcome, (client) => {
      assertKind(outcome, undefined);
      const before = JSON.stringify({ ...client, secrets: [] });
      if ("client_name" in given) client.name = given.client_name;
      if ("status" in given) client.disabled = given.status === "disabled";
      if ("minutes" in given) client.expiresAt = given.minutes === null ? null : model.now + given.minutes * minute;
      if ("username" in given && client.username !== given.username) {
        client.username = given.username;
        for (const secret of client.secrets) secret.revokedAt ??= model.now;
      }
      if (JSON.stringify({ ...client, secrets: [] }) !== before) model.changed.add(id);
    });
  }),
);

const remove = clientId.map((id) =>
  command(`delete ${id}`, async (model, real) => {
    const outcome = await deleteClient({ clientId: id, ifMatch: undefined }, real.admin);
    onClient(model, id, outcome, () => {
      assertKind(outcome, undefined);
      model.clients.delete(id);
      model.changed.add(id);
    });
  }),
);

const target = (id: string) => ({ clientId: id, ifMatch: undefined });

function keepAdded(
  model: Model,
  id: string,
  { outcome, given }: { outcome: Result<AddedSecret, AdminProblem>; given: Terms },
) {
  const client = model.clients.get(id);
  assert.ok(outcome.ok && client);
  const value = given.value ?? outcome.value.shown?.reveal() ?? "";
  addTo(client, secretOf(given, { value, secretId: outcome.value.secret.secretId }, model.now), model.now);
  model.everSeen.push({ clientId: id, value });
  model.changed.add(id);
}

const add = fc.tuple(clientId, terms, fc.integer({ min: 1, max: 4 })).map(([id, given, count]) =>
  command(`add ${count} to ${id}: ${JSON.stringify(given)}`, async (model, real) => {
    for (let added = 0; added < count; added++) {
      const outcome = await addSecret(target(id), inputOf(given, model.now), real.admin);
      onClient(model, id, outcome, (client) => {
        const refusal = refusalToAdd(client, given.value ?? undefined, model.now);
        assertKind(outcome, refusal);
        if (refusal === undefined) keepAdded(model, id, { outcome, given });
      });
    }
  }),
);

const ends = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 4 }).map((minutes) => ({ at: minutes })),
  fc.integer({ min: 1, max: 4 }).map((minutes) => ({ idle: minutes })),
);

const rotate = fc.tuple(clientId, terms, ends).map(([id, given, end]) =>
  command(`rotate ${id}, ${JSON.stringify(end)}: ${JSON.stringify(given)}`, async (model, real) => {
    const { now } = model;
    const how = {
      ...("at" in end ? { end_old_at: instantAfter(now, end.at) } : {}),
      ...("idle" in end ? { end_old_when_idle_for: end.idle * 60 } : {}),
    };
    const outcome = await rotateSecrets(target(id), { ...how, secret: inputOf(given, now) }, real.admin);
    onClient(model, id, outcome, (client) => {
      const refusal = refusalToAdd(client, given.value ?? undefined, now);
      assertKind(outcome, refusal);
      if (refusal !== undefined) return;
      for (const secret of liveOf(client, now)) {
        if ("idle" in end) {
          // It expires after an idle span counted from now, but no later than it would have expired before
          const span = end.idle * minute;
          const before = secret.idle;
          const after = Math.min(span, before?.after ?? span);
          const ends = before === null ? now + span : Math.max(before.since, secret.lastUse) + before.after;
          secret.idle = { since: Math.min(now, ends - after), after };
        } else {
          const at = "at" in end ? now + end.at * minute : now + day;
          secret.expiresAt = Math.min(at, secret.expiresAt ?? Number.POSITIVE_INFINITY);
        }
      }
      keepAdded(model, id, { outcome, given });
    });
  }),
);

const revoke = fc.tuple(clientId, fc.nat(4)).map(([id, at]) =>
  command(`revoke secret ${at} of ${id}`, async (model, real) => {
    const secret = model.clients.get(id)?.secrets.at(at);
    const outcome = await revokeSecret(target(id), { secretId: secret?.secretId ?? "none" }, real.admin);
    onClient(model, id, outcome, () => {
      assertKind(outcome, secret === undefined ? "not_found" : undefined);
      if (secret === undefined || secret.revokedAt !== null) return;
      secret.revokedAt = model.now;
      model.changed.add(id);
    });
  }),
);

const use = fc.tuple(clientId, fc.nat(4)).map(([id, at]) =>
  command(`use secret ${at} of ${id}`, async (model, real) => {
    const secret = model.clients.get(id)?.secrets.at(at);
    const expected = verdictOn(model, id, secret?.value ?? "none");
    assert.equal(await real.use(id, secret?.value ?? "none"), expected);
    if (secret !== undefined && expected === "token") secret.lastUse = model.now;
  }),
);

const advance = fc.constantFrom(1, minute - 1, minute, 2 * minute, day, 31 * day).map((milliseconds) =>
  command(`wait ${milliseconds} ms`, async (model, real) => {
    real.clock.advance(milliseconds);
    model.now += milliseconds;
  }),
);

const flush = fc.constant(command("store the last uses", (_, real) => real.flush()));
const restart = fc.constant(command("restart", (_, real) => real.restart()));

/** All commands. Some are listed twice to run more often, because use and expiry are the likeliest to go wrong. */
export const commands = [
  create,
  create,
  change,
  remove,
  add,
  rotate,
  rotate,
  revoke,
  use,
  use,
  advance,
  advance,
  flush,
  restart,
];
