import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { entityTagOf } from "@carnet/core/admin/change-client";
import { findOwner } from "@carnet/core/owner/change-owner";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { eventWith } from "@carnet/testkit/sample-events";
import { done, ownerWorld, refusal } from "./support/owner-world.ts";

suite("An owner", () => {
  test("is created without a policy, and its event names what was set", async () => {
    const { create, owners, events, clock } = await ownerWorld();
    const made = done(await create({ name: "payments", contact: "#pay", policy: { max_clients: 5 } }));
    assert.deepEqual([made.version, made.createdAt, made.policy.scopes], [1, clock.now(), null]);
    assert.deepEqual(await owners.find("payments"), made);
    const [event] = await events();
    assert.deepEqual(event?.["objects"], [
      {
        ...{ type: "owner", id: "payments", owner: "payments", action: "created" },
        changes: {
          contact: { before: null, after: "#pay" },
          "policy.secrets_must_expire": { before: null, after: false },
          "policy.max_clients": { before: null, after: 5 },
        },
      },
    ]);
  });

  test("with an invalid or taken name, invalid settings or unknown scopes is refused, and nothing is stored", async () => {
    const { create, owners, events } = await ownerWorld();
    const wrong = { name: "-", description: "", policy: { max_clients: -1, scope: "file:read unheard:of" } };
    assert.deepEqual(refusal(await create(wrong)), [
      ...["invalid", "/name", "/description", "/policy/max_clients", "/policy/scope"],
    ]);
    assert.deepEqual(refusal(await create({ name: "default" })), ["taken"]);
    const similar = await create({ name: "Default" });
    assert.match(similar.ok ? "" : similar.error.detail, /^the owner default exists already, and names must differ in/);
    assert.deepEqual([(await owners.list()).length, (await events()).length], [1, 0]);
  });

  test("is changed in the version that the caller has seen, and its event has each field before and after", async () => {
    const { create, change, events, clock } = await ownerWorld();
    const made = done(await create({ name: "payments", policy: { scope: "file:read" } }));
    clock.advance(1000);
    const ifMatch = [entityTagOf(made)];
    const changed = done(
      await change("payments", { contact: "#pay", policy: { scope: "file:read file:write" } }, { ifMatch }),
    );
    assert.deepEqual([changed.version, changed.updatedAt], [2, clock.now()]);
    assert.deepEqual(refusal(await change("payments", { contact: null }, { ifMatch })), ["changed"]);
    const [event] = await events();
    assert.deepEqual(Object(event?.["objects"])[0].changes, {
      contact: { before: null, after: "#pay" },
      "policy.scope": { before: "file:read", after: "file:read file:write" },
    });
  });

  test("stays as it is in a dry run, and if nothing differs", async () => {
    const { create, change, owners, events, clock } = await ownerWorld();
    const made = done(await create({ name: "payments", policy: { max_clients: 5 } }));
    clock.advance(1000);
    const would = done(await change("payments", { policy: { max_clients: 3 } }, { dryRun: true }));
    assert.deepEqual([would.policy.maxClients, would.updatedAt, would.version], [3, made.updatedAt, made.version]);
    assert.equal(done(await change("payments", { policy: { max_clients: 5 } })), made);
    assert.deepEqual(await owners.find("payments"), made);
    assert.equal((await events()).length, 1);
  });

  test("keeps a scope of its policy that the catalogue no longer has, but gets no other such scope", async () => {
    const { create, change, ports } = await ownerWorld();
    done(await create({ name: "payments", policy: { scope: "file:read file:write" } }));
    done(await ports.scopes.delete("file:write", ports));
    done(await change("payments", { policy: { scope: "file:write" } }));
    const outcome = await change("payments", { policy: { scope: "file:write other" } });
    assert.deepEqual(refusal(outcome), ["invalid", "/policy/scope"]);
  });

  test("is changed on top of a change that another process made meanwhile", async () => {
    const { create, change, owners } = await ownerWorld();
    done(await create({ name: "payments" }));
    await Promise.all([change("payments", { contact: "#pay" }), change("payments", { description: "Pays" })]);
    const { contact, description, version } = (await owners.find("payments")) ?? assert.fail();
    assert.deepEqual([contact, description, version], ["#pay", "Pays", 3]);
  });

  test("is deleted unless it is the default or is in use", async () => {
    const { create, remove, owners, endpoint, events } = await ownerWorld();
    const made = done(await create({ name: "payments", contact: "#pay" }));
    await endpoint.register({ client_id: "app", owner: "payments" });
    assert.deepEqual(refusal(await remove("payments")), ["in_use"]);
    assert.deepEqual(refusal(await remove("default")), ["in_use"]);
    const app = (await endpoint.store.find(clientIdOf("app"))) ?? assert.fail();
    await endpoint.store.delete(app, { event: eventWith() });
    assert.deepEqual(refusal(await remove("payments", ['"other"'])), ["changed"]);
    done(await remove("payments", [entityTagOf(made)]));
    assert.deepEqual(refusal(await remove("payments")), ["not_found"]);
    assert.equal(await owners.find("payments"), undefined);
    const deleted = (await events()).filter(({ objects }) => Object(objects)[0]?.action === "deleted");
    assert.ok(deleted.some(({ objects }) => Object(objects)[0].changes.contact.before === "#pay"));
  });

  test("of others does not exist for a caller that is bound to named owners", async () => {
    const { create, as } = await ownerWorld();
    for (const name of ["payments", "search"]) done(await create({ name }));
    const ports = as({ clientId: clientIdOf("team-admin"), role: "admin", owners: ["payments"] });
    assert.equal(done(await findOwner("payments", ports)).name, "payments");
    const [foreign, missing] = [await findOwner("search", ports), await findOwner("nobody", ports)];
    assert.deepEqual(refusal(foreign), ["not_found"]);
    assert.deepEqual(foreign, missing);
  });
});
