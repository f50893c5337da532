import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { defaultOwner, type Owner } from "@carnet/core/owner/owner";
import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { ownerOf } from "./memory-owner-store.ts";
import { clientIdOf, fullClient, plainClient, secretOf } from "./sample-clients.ts";
import { withEvent } from "./sample-events.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Declares the tests for what a change of clients checks besides them: their owners, and the last platform admin. */
export function testOwners(name: string, open: () => Promise<StoreUnderTest>): void {
  suite(`${name}: owners of clients`, () => {
    testPermittedOwners(open);
    testMaximum(open);
  });
  suite(`${name}: the last platform admin`, () => {
    testLastAdmin(open);
    testRaces(open);
  });
}

const next = (client: Client, changes: Partial<Client>): Client => ({
  ...client,
  version: client.version + 1,
  ...changes,
});

const bounded = (maxClients: number): Owner => {
  const owner = ownerOf("payments");
  return { ...owner, policy: { ...owner.policy, maxClients } };
};

/** A store with an owner. */
async function openWith(open: () => Promise<StoreUnderTest>, owner: Owner): Promise<StoreUnderTest> {
  const under = await open();
  await under.owners.insert(owner, withEvent());
  return under;
}

const of = (owner: string, id: string): Client => ({ ...plainClient(id), owner });

function testPermittedOwners(open: () => Promise<StoreUnderTest>): void {
  const owner = ownerOf("payments");
  const changes: Readonly<Record<string, (under: StoreUnderTest) => Promise<unknown>>> = {
    "was changed": ({ owners }) => owners.replace({ ...owner, version: 2 }, withEvent()),
    "was deleted": ({ owners }) => owners.delete(owner, withEvent()),
    "was deleted and made again": async ({ owners }) => {
      await owners.delete(owner, withEvent());
      await owners.insert({ ...owner, createdAt: 1 }, withEvent());
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`changes nothing if an owner ${what} after the change was permitted`, async () => {
      await using under = await openWith(open, owner);
      const other = plainClient("other");
      await under.store.insert([other], withEvent());
      await change(under);
      const inserted = await under.store.insert([of("payments", "new")], withEvent(undefined, [owner]));
      assert.deepEqual(inserted, { kind: "owner_changed" });
      const moved = await under.store.replace(next(other, { owner: "payments" }), withEvent(undefined, [owner]));
      assert.equal(moved, "owner_changed");
      assert.equal(await under.other.find(clientIdOf("new")), undefined);
      assert.equal((await under.other.find(other.clientId))?.version, 1);
    });
  }

  test("inserts and replaces if its owners are as they were", async () => {
    await using under = await openWith(open, owner);
    const permitted = withEvent(undefined, [ownerOf(defaultOwner), owner]);
    const client = of("payments", "app");
    assert.deepEqual(await under.store.insert([client, plainClient("other")], permitted), { kind: "inserted" });
    assert.equal(
      await under.store.replace(next(client, { owner: "default" }), withEvent(undefined, [owner])),
      "replaced",
    );
  });
}

function testMaximum(open: () => Promise<StoreUnderTest>): void {
  test("inserts all clients of a batch up to an owner's maximum, and none of a batch beyond it", async () => {
    const owner = bounded(2);
    await using under = await openWith(open, owner);
    const permitted = () => withEvent(undefined, [owner]);
    const beyond = await under.store.insert(
      ["a", "b", "c"].map((id) => of("payments", id)),
      permitted(),
    );
    assert.deepEqual(beyond, { kind: "owner_full", owner });
    assert.equal(await under.other.find(clientIdOf("a")), undefined);
    const upTo = await under.store.insert(
      [of("payments", "a"), of("payments", "b"), plainClient("other")],
      permitted(),
    );
    assert.deepEqual(upTo, { kind: "inserted" });
    assert.equal((await under.store.insert([of("payments", "c")], permitted())).kind, "owner_full");
  });

  test("counts no admin clients, and no clients of another owner", async () => {
    const owner = bounded(1);
    await using under = await openWith(open, owner);
    const permitted = () => withEvent(undefined, [owner]);
    const admin: Client = { ...of("payments", "auditor"), role: "auditor" };
    assert.equal(
      (await under.store.insert([admin, plainClient("other"), of("payments", "a")], permitted())).kind,
      "inserted",
    );
    assert.equal(await under.store.replace(next(admin, { role: null }), permitted()), "owner_full");
  });

  test("refuses a transfer to a full owner, and lets the clients of a full owner be changed", async () => {
    const owner = bounded(1);
    await using under = await openWith(open, owner);
    const [own, other] = [of("payments", "own"), plainClient("other")];
    await under.store.insert([own, other], withEvent());
    const permitted = () => withEvent(undefined, [owner]);
    assert.equal(await under.store.replace(next(other, { owner: "payments" }), permitted()), "owner_full");
    assert.equal(await under.store.replace(next(own, { clientName: "x" }), permitted()), "replaced");
    assert.equal((await under.other.find(other.clientId))?.owner, "default");
  });

  test("gives the last place to one of two concurrent registrations", async () => {
    const owner = bounded(1);
    await using under = await openWith(open, owner);
    const { contenders } = under;
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, number) =>
        contenders[number % contenders.length]?.insert([of("payments", `c${number}`)], withEvent(undefined, [owner])),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "inserted").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome?.kind === "owner_full").length, 5);
  });
}

const adminOf = (id: string, changes: Partial<Client> = {}): Client => ({
  ...plainClient(id),
  role: "admin",
  audience: adminAudienceName,
  scopes: Object.values(adminScopes),
  secrets: [secretOf(id)],
  ...changes,
});

const now = Date.parse("2026-11-21T12:00:00Z");

/** Changes after which a platform admin cannot administer, or will not for ever. */
const losses: Readonly<Record<string, Partial<Client>>> = {
  disabled: { status: "disabled" },
  "given an end": { expiresAt: now + 1 },
  "made an operator": { role: "operator" },
  "made an ordinary client": { role: null },
  "bound to an owner": { roleOwners: ["default"] },
  "left without a scope": { scopes: [] },
  "left with scopes that only read": { scopes: [adminScopes.readClients] },
  "left without the scope that changes clients": {
    scopes: Object.values(adminScopes).filter((scope) => scope !== adminScopes.writeClients),
  },
  "given another audience": { audience: null },
  "bound to addresses": { ipAllowlist: fullClient.ipAllowlist },
  "left with a secret that does not work yet": { secrets: [{ ...secretOf("pending"), notBefore: now + 1 }] },
  "left with a secret that will expire": { secrets: [{ ...secretOf("ending"), expiresAt: now + 1 }] },
  "left with a secret that will end when idle": {
    secrets: [{ ...secretOf("will idle"), idle: { since: now, after: 5 } }],
  },
  "left with one secret that ends and one that does not work yet, as by a rotation": {
    secrets: [
      { ...secretOf("old"), expiresAt: now + 1 },
      { ...secretOf("new"), notBefore: now + 1 },
    ],
  },
  "left without a secret": { secrets: [] },
  "left with a revoked secret": { secrets: [{ ...secretOf("revoked"), revokedAt: now }] },
  "left with an expired secret": { secrets: [{ ...secretOf("expired"), expiresAt: now }] },
  "left with an idle secret": { secrets: [{ ...secretOf("idle"), idle: { since: now - 5, after: 5 } }] },
  "left with a secret under a slow hash": { secrets: [{ ...secretOf("human"), kind: "human" }] },
};

function testLastAdmin(open: () => Promise<StoreUnderTest>): void {
  for (const [what, loss] of Object.entries(losses)) {
    test(`cannot be ${what}, unless another one is left`, async () => {
      await using under = await open();
      const admin = adminOf("admin");
      await under.store.insert([admin, adminOf("almost one", loss), plainClient("app")], withEvent());
      assert.equal(await under.store.replace(next(admin, loss), withEvent()), "last_admin");
      assert.equal((await under.other.find(admin.clientId))?.version, 1);
      await under.store.insert([adminOf("another")], withEvent());
      assert.equal(await under.store.replace(next(admin, loss), withEvent()), "replaced");
    });
  }

  test("cannot be deleted, unless another one is left", async () => {
    await using under = await open();
    const admin = adminOf("admin");
    await under.store.insert([admin], withEvent());
    assert.equal(await under.store.delete(admin, withEvent()), "last_admin");
    assert.ok(await under.other.find(admin.clientId));
    await under.store.insert([adminOf("another")], withEvent());
    assert.equal(await under.store.delete(admin, withEvent()), "deleted");
  });

  test("can be changed in ways that keep it usable", async () => {
    await using under = await open();
    const admin = adminOf("admin");
    await under.store.insert([admin], withEvent());
    const [old] = admin.secrets;
    assert.ok(old);
    const secrets = [
      { ...old, expiresAt: now + 1 },
      { ...secretOf("new"), notBefore: now },
    ];
    const scopes = [adminScopes.readClients, adminScopes.writeClients];
    assert.equal(await under.store.replace(next(admin, { clientName: "x", scopes, secrets }), withEvent()), "replaced");
  });

  test("is not protected if it cannot be used, so that a store without one can be repaired", async () => {
    await using under = await open();
    const [unusable, other] = [adminOf("admin", { secrets: [] }), adminOf("other", { status: "disabled" })];
    await under.store.insert([unusable, other], withEvent());
    assert.equal(await under.store.replace(next(other, { clientName: "x" }), withEvent()), "replaced");
    assert.equal(await under.store.delete(unusable, withEvent()), "deleted");
  });
}

function testRaces(open: () => Promise<StoreUnderTest>): void {
  for (const [what, remove] of Object.entries({
    deletions: (store, admin) => store?.delete(admin, withEvent()),
    demotions: (store, admin) => store?.replace(next(admin, { role: "auditor" }), withEvent()),
  } satisfies Record<string, (store: StoreUnderTest["store"] | undefined, admin: Client) => unknown>)) {
    test(`survives concurrent ${what} of all platform admins`, async () => {
      await using under = await open();
      const admins = ["a", "b", "c", "d"].map((id) => adminOf(id));
      await under.store.insert(admins, withEvent());
      const { contenders } = under;
      const outcomes = await Promise.all(
        admins.map((admin, number) => remove(contenders[number % contenders.length], admin)),
      );
      assert.equal(outcomes.filter((outcome) => outcome === "last_admin").length, 1);
      const left = admins[outcomes.indexOf("last_admin")];
      assert.equal((await under.other.find(clientIdOf(left?.clientId ?? "")))?.role, "admin");
    });
  }
}
