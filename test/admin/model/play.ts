import assert from "node:assert/strict";
import type { Client } from "@carnet/core/client/client";
import { actorOf, exists, isPlatform, isUsablePlatformAdmin, mayCommit } from "./rules.ts";
import type { Call } from "./steps.ts";
import { type Fault, type Grant, World } from "./world.ts";

/** A call that was sent, and the admin client that it stood for before and after it. */
interface Sent {
  readonly call: Call;
  readonly url: string;
  readonly jti: string;
  readonly answer: { readonly status: number; readonly text: string };
  readonly actors: readonly Client[];
}

/** Sends the calls, and asserts after each lot that the rules hold. */
export async function play(steps: readonly (readonly Call[])[], fault: Fault = {}): Promise<void> {
  await using world = await World.open(fault);
  for (const [number, calls] of steps.entries()) await playStep(world, calls, number);
}

async function playStep(world: World, calls: readonly Call[], step: number): Promise<void> {
  const { clock } = world.endpoint;
  clock.advance(1000);
  const now = clock.now();
  const start = new Map(world.truth);
  const before = await world.catalogue();
  const done = world.commits.length;
  const answered = await Promise.all(
    calls.map(async (call, place) => {
      const grants = world.grants.get(call.actor) ?? [];
      const grant = grants[call.token % grants.length] ?? assert.fail("an admin has no token");
      const [url, jti] = [urlOf(call, start, world.signingKeys.keys.at(-1)?.keyId), `call-${step}-${place}`];
      const { method } = call.operation;
      const answer = await world.send(
        call.process,
        { clientId: call.actor, grant, jti },
        { method, url, body: call.body },
      );
      return { call, url, jti, answer, grant };
    }),
  );
  const end = new Map(world.truth);
  const after = await world.catalogue();
  const sent = answered.map(({ grant, ...one }): Sent => ({ ...one, actors: actorsOf(one.call, grant) }));

  function actorsOf(call: Call, grant: Grant): readonly Client[] {
    return [start, end].flatMap((clients) => actorOf(clients.get(call.actor), grant, now) ?? []);
  }

  for (const { actors, answer, ...rest } of sent) {
    assert.notEqual(answer.status, 500, told("a fault", { ...rest, answer }));
    if (actors.length === 0)
      assert.equal(answer.status, 401, told("a token without a role was accepted", { ...rest, answer }));
  }
  for (const commit of world.commits.slice(done)) {
    const one = sent.find(({ jti }) => jti === commit.call) ?? assert.fail("a commit of no call");
    const mayDoSo = one.actors.some((actor) => [before, after].some(({ owners }) => mayCommit(actor, commit, owners)));
    assert.ok(mayDoSo, told("a change beyond role or policy", { ...one, commit }));
  }
  if (JSON.stringify([before.owners, before.others]) !== JSON.stringify([after.owners, after.others]))
    assert.ok(
      sent.some(({ actors, answer }) => answer.status < 300 && actors.some(isPlatform)),
      told("owners, scopes or keys were changed", sent),
    );
  for (const one of sent) assertTellsNothing(one, [...start.values(), ...end.values()]);
  const left = [...end.values()].filter((client) => isUsablePlatformAdmin(client, now));
  assert.ok(left.length > 0, told("no platform admin is left", sent));
}

/** An answer names no client or owner that does not exist for the caller, apart from what the request named. */
function assertTellsNothing({ call, url, answer, actors }: Sent, clients: readonly Client[]): void {
  if (actors.length === 0 || actors.some(({ roleOwners }) => roleOwners === null)) return;
  const request = `${url} ${JSON.stringify(call.body ?? {})} ${call.actor}`;
  const isAudit = call.operation.tag === "Audit";
  const text = isAudit ? withoutOwnCalls(answer.text, call.actor) : answer.text;
  for (const client of clients) {
    // Which admin did something to a client of the caller is no secret
    if (isAudit && client.role !== null) continue;
    if (actors.some((actor) => exists(actor, client)) || request.includes(client.clientId)) continue;
    assert.ok(!text.includes(client.clientId), told(`tells of ${client.clientId}`, { call, url, answer }));
  }
  if (isAudit) return;
  for (const owner of ["team-pay", "team-sea"]) {
    // An admin sees its own entry, which has the owner that it belongs to, whatever its role is bound to
    const isOwn = actors.some((actor) => actor.owner === owner || actor.roleOwners?.includes(owner));
    if (isOwn || request.includes(owner)) continue;
    assert.ok(!text.includes(owner), told(`tells of ${owner}`, { call, url, answer }));
  }
}

/** An admin may read what it did itself, even to clients that it no longer sees. */
function withoutOwnCalls(text: string, actor: string): string {
  const { events = [], ...rest } = JSON.parse(text);
  const others = Object(events).filter((event: object) => Object(event).actor?.client_id !== actor);
  return JSON.stringify([others, rest]);
}

function urlOf(
  { operation, target, owner, scope }: Call,
  clients: ReadonlyMap<string, Client>,
  keyId = "no-such-key",
): string {
  const secretId = clients.get(target)?.secrets.find(({ revokedAt }) => revokedAt === null)?.secretId ?? "none";
  const path = operation.path
    .replace(":client_id", target)
    .replace(":secret_id", secretId)
    .replace(":owner", owner)
    .replace(":kid", keyId)
    .replace(":name", scope);
  const query = operation.operationId === "explainRequest" ? "?request_id=req" : "";
  return `/admin/v1${path}${query}`;
}

/** Says what went wrong, with the facts in a readable form. */
const told = (what: string, facts: object): string => `${what}: ${JSON.stringify(facts, readable, 1)}`;

function readable(name: string, value: unknown): unknown {
  if (name === "operation") return Object(value).operationId;
  if (name === "secrets") return Object(value).length;
  return name === "digest" || name === "labels" ? undefined : value;
}
