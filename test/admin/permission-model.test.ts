// Random sequences of admin calls by admins of every role at two processes, some of them at once. Whatever they send,
// nobody gets beyond role and policy. Planted faults show that the model would notice.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Need } from "@carnet/core/admin/permission";
import type { Client } from "@carnet/core/client/client";
import { adminOperations } from "@carnet/server/http/admin/admin-routes";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { eventWith } from "@carnet/testkit/sample-events";
import fc from "fast-check";
import { play } from "./model/play.ts";
import { isUsablePlatformAdmin } from "./model/rules.ts";
import { bodies, episode } from "./model/steps.ts";
import type { Fault } from "./model/world.ts";

const runs = Number(process.env["MODEL_RUNS"] ?? 15);
const sequence = fc.array(episode, { minLength: 15, maxLength: 30 }).map((episodes) => episodes.flat());

const search = (numRuns: number, fault?: Fault) =>
  fc.check(
    fc.asyncProperty(sequence, (steps) => play(steps, fault)),
    { numRuns, endOnFailure: true },
  );

describe("whatever admins send", () => {
  it("every operation is among it", () => {
    for (const { operationId, body } of adminOperations)
      assert.ok(body === undefined || bodies[body] !== undefined, `there is no body for ${operationId}`);
  });

  it("nobody gains, sees or changes anything beyond role and policy, and a platform admin stays", async () => {
    const { failed, errorInstance, seed } = await search(runs);
    assert.ok(!failed, `seed ${seed}: ${errorInstance instanceof Error ? errorInstance.message : ""}`);
  });

  describe("the model finds", () => {
    const finds = async (reason: RegExp, fault?: Fault) => {
      const { failed, errorInstance } = await search(200, fault);
      assert.ok(failed, "the fault was not found");
      assert.match(String(errorInstance), reason);
    };

    it("a missing check of the policy", () =>
      finds(/beyond role or policy/, {
        owners: (inner) => ({
          ...inner,
          find: async (name) => {
            const owner = await inner.find(name);
            return owner && { ...owner, policy: openPolicy };
          },
        }),
      }));

    it("a missing check of the claims that scopes set", () =>
      finds(/beyond role or policy/, {
        scopes: (inner) => ({ ...inner, claims: async () => new Map() }),
        store: (inner) => ({
          ...inner,
          insert: (clients, change) => inner.insert(clients, { ...change, claimsOfNoScope: [] }),
          replace: (next, change) => inner.replace(next, { ...change, claimsOfNoScope: [] }),
        }),
      }));

    for (const [operationId, needs] of [
      ["deleteClient", "read"],
      ["putScope", "read"],
      ["rotateKey", "read"],
      ["createClient", "operate"],
    ] as const) {
      it(`an operation that needs too little: ${operationId}`, () =>
        withNeeds(operationId, needs, () => finds(/beyond role or policy|owners, scopes or keys were changed/)));
    }

    it("a write of what was decided on an earlier version", () =>
      finds(/beyond role or policy/, {
        store: (inner) => ({
          ...inner,
          replace: async (next, change) => {
            for (;;) {
              const current = await inner.find(next.clientId);
              if (current?.createdAt !== next.createdAt) return "changed";
              const outcome = await inner.replace({ ...next, version: current.version + 1 }, change);
              if (outcome !== "changed") return outcome;
            }
          },
        }),
      }));

    it("a check for the last platform admin outside the transaction of the write", () =>
      finds(/no platform admin is left/, {
        store: (inner, world, raw) => ({
          ...inner,
          replace: async (next, change) => {
            const now = world.endpoint.clock.now();
            const isOther = (client: Client) => client.clientId !== next.clientId && isUsablePlatformAdmin(client, now);
            const admin = [...world.truth.values()].find(isOther);
            if (admin === undefined) return "last_admin";
            // The check of the real store finds this one, so it does not help
            const name = `decoy-${change.event.id}`;
            const secrets = admin.secrets.slice(0, 1).map((secret) => ({
              ...{ ...secret, secretId: name as typeof secret.secretId, handle: name as typeof secret.handle },
              ...{ digest: new TextEncoder().encode(name), revokedAt: null, expiresAt: null, idle: null },
            }));
            const decoy = { ...admin, clientId: name as Client["clientId"], handle: name as Client["handle"], secrets };
            await raw.insert([decoy], { event: eventWith(), owners: [] });
            const outcome = await inner.replace(next, change);
            await raw.delete(decoy, { event: eventWith() });
            return outcome;
          },
        }),
      }));

    it("a role that another process keeps in memory", () =>
      finds(/without a role was accepted|beyond role or policy|owners, scopes or keys were changed|tells of/, {
        store: (inner) => {
          const roles = new Map<string, Pick<Client, "role" | "roleOwners" | "status">>();
          return {
            ...inner,
            find: async (clientId) => {
              const client = await inner.find(clientId);
              if (client === undefined || (client.role === null && !roles.has(clientId))) return client;
              const { role, roleOwners, status } = roles.get(clientId) ?? client;
              roles.set(clientId, { role, roleOwners, status });
              return { ...client, role, roleOwners, status };
            },
            replace: (next, change) => {
              roles.delete(next.clientId);
              return inner.replace(next, change);
            },
          };
        },
      }));
  });
});

/** Lets an operation need less than it should, for as long as the search takes. */
async function withNeeds(operationId: string, needs: Need, look: () => Promise<void>): Promise<void> {
  const operation = adminOperations.find((one) => one.operationId === operationId) ?? assert.fail("no such operation");
  const before = operation.needs;
  try {
    Object.assign(operation, { needs });
    await look();
  } finally {
    Object.assign(operation, { needs: before });
  }
}
