import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { canSee, type Need, needs, permit } from "@carnet/core/admin/permission";
import { parseCidr } from "@carnet/core/client/cidr";
import type { Client } from "@carnet/core/client/client";
import { newViolations } from "@carnet/core/owner/policy";
import { type RoleName, roles } from "@carnet/protocol/admin/roles";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { clientIdOf, plainClient } from "@carnet/testkit/sample-clients";
import { authorityOf, callerOf, ownerWith } from "@carnet/testkit/sample-owners";
import fc from "fast-check";

const scopeClaims = new Set(["tier"]);
const context = { accessTokenTtl: 600, now: Date.parse("2026-11-21T12:00:00Z") };

/** The rule that refuses, or `permitted`. */
const wordOf = (outcome: ReturnType<typeof permit>) => (outcome.ok ? "permitted" : outcome.error.rule);

const bounds = { "all owners": null, "one owner": ["payments"] } as const;

/** Which roles may do what on nothing in particular, written down a second time. */
const table: Readonly<Record<Need, Readonly<Record<keyof typeof bounds, string>>>> = {
  anyone: { "all owners": "admin operator auditor", "one owner": "admin operator auditor" },
  read: { "all owners": "admin operator auditor", "one owner": "admin operator auditor" },
  readAll: { "all owners": "admin operator auditor", "one owner": "" },
  audit: { "all owners": "admin auditor", "one owner": "admin auditor" },
  auditAll: { "all owners": "admin auditor", "one owner": "" },
  operate: { "all owners": "admin operator", "one owner": "admin operator" },
  manage: { "all owners": "admin", "one owner": "admin" },
  platform: { "all owners": "admin", "one owner": "" },
};

const needNames = Object.keys(needs) as Need[];

suite("A role", () => {
  for (const need of needNames) {
    test(`allows what the table says of the need ${need}`, () => {
      for (const [bound, owners] of Object.entries(bounds)) {
        const allowed = roles.filter((role) => permit(authorityOf(callerOf(role, owners), need)).ok);
        assert.equal(allowed.join(" "), Reflect.get(table[need], bound), bound);
      }
    });
  }

  test("is named in the refusal, with whom to ask", () => {
    const refused = permit(authorityOf(callerOf("operator", ["payments", "search"]), "manage"));
    assert.ok(!refused.ok && refused.error.kind === "insufficient_role");
    assert.equal(
      refused.error.detail,
      "this needs the role admin, and this client is an operator of payments and search: ask the platform team",
    );
  });
});

suite("A target", () => {
  const foreign = { ...plainClient("app"), owner: "search" };
  const own = { ...plainClient("app"), owner: "payments" };
  const ownAdmin = { ...own, role: "admin" } as const;

  test("of another owner, or that is an admin client, does not exist for a caller bound to owners", () => {
    for (const need of needNames.filter((name) => needs[name].owners === "named")) {
      const caller = callerOf("admin", ["payments"]);
      assert.equal(wordOf(permit(authorityOf(caller, need), { target: foreign })), "foreign_owner", need);
      assert.equal(wordOf(permit(authorityOf(caller, need), { target: ownAdmin })), "foreign_owner", need);
      assert.equal(wordOf(permit(authorityOf(caller, need), { target: own })), "permitted", need);
    }
  });

  test("that is an admin client is changed by platform admins only, and read by callers over all owners", () => {
    const operator = callerOf("operator", null);
    assert.equal(wordOf(permit(authorityOf(operator, "operate"), { target: ownAdmin })), "admin_client");
    assert.equal(wordOf(permit(authorityOf(operator, "read"), { target: ownAdmin })), "permitted");
    assert.equal(wordOf(permit(authorityOf(callerOf("admin", null), "operate"), { target: ownAdmin })), "permitted");
  });

  test("that is the caller itself can be read, and changed only by an operation that every client may do to itself", () => {
    for (const role of roles) {
      const caller = callerOf(role, ["payments"]);
      const itself = { ...plainClient("x"), clientId: clientIdOf(`caller-${role}`), role };
      const change = { before: itself, after: itself, owner: ownerWith("default", {}), context, scopeClaims };
      assert.ok(canSee(caller, itself));
      assert.ok(!permit(authorityOf(caller, "operate"), { target: itself, change }).ok, role);
      assert.ok(permit(authorityOf(caller, "operate", true), { target: itself, change }).ok, role);
      assert.ok(!permit(authorityOf(caller, "operate", true), { target: ownAdmin }).ok, role);
    }
  });
});

const owners = {
  payments: ownerWith("payments", { scopes: ["a", "b"], maxTokenTtl: 900, audiences: ["x"], secretsMustExpire: true }),
  search: ownerWith("search", openPolicy),
  default: ownerWith("default", openPolicy),
};
const names = Object.keys(owners) as (keyof typeof owners)[];
const role = fc.constantFrom<RoleName>(...roles);
const bound = fc.option(fc.subarray(names, { minLength: 1 }), { freq: 2 });

const client: fc.Arbitrary<Client> = fc
  .record({
    owner: fc.constantFrom(...names),
    role: fc.option(role, { freq: 2 }),
    roleOwners: bound,
    status: fc.constantFrom("active" as const, "disabled" as const),
    scopes: fc.subarray(["a", "b", "c", "carnet:introspect", "carnet:clients:write"]),
    accessTokenTtl: fc.constantFrom(null, 60, 900, 3600),
    audience: fc.constantFrom(null, "x", "y"),
    username: fc.constantFrom(null, "grace"),
  })
  .map((changes) => ({
    ...plainClient("app"),
    ...changes,
    roleOwners: changes.role === null ? null : changes.roleOwners,
  }));

test("whatever the change, it gives nothing that the caller's role and the policy do not hold", () => {
  fc.assert(
    fc.property(
      fc.record({ role, owners: bound, need: fc.constantFrom(...needNames), allowsSelf: fc.boolean() }),
      fc.record({ before: fc.option(client), after: client }),
      (by, { before, after }) => {
        const caller = callerOf(by.role, by.owners);
        const owner = owners[after.owner as keyof typeof owners];
        const change = { before, after, owner, context, scopeClaims };
        const target = before === null ? {} : { target: before };
        const permitted = permit(authorityOf(caller, by.need, by.allowsSelf), { ...target, change });
        if (!permitted.ok) return;
        assert.ok((needs[by.need].roles as readonly RoleName[]).includes(caller.role));
        if (caller.role === "admin" && caller.owners === null) {
          if (after.role === null) assert.deepEqual(newViolations(before, after, owner.policy, context), []);
          return;
        }
        assert.deepEqual([before?.role ?? null, after.role], [null, null], "an admin client is changed");
        for (const one of [before, after])
          assert.ok(
            one === null || caller.owners === null || caller.owners.includes(one.owner),
            "another owner's client",
          );
        const gained = after.scopes.filter((scope) => before?.scopes.includes(scope) !== true);
        assert.ok(!gained.some((scope) => scope.startsWith("carnet:")), "a scope of the service is granted");
        assert.deepEqual(newViolations(before, after, owner.policy, context), []);
      },
    ),
    { numRuns: 3000 },
  );
});

test("a refusal by a policy names the line, the owner and whom to ask, and its errors have no other members", () => {
  const after = { ...plainClient("app"), owner: "payments", scopes: ["c"], secrets: [] };
  const change = { before: null, after, owner: owners.payments, context, scopeClaims };
  const refused = permit(authorityOf(callerOf("admin", null), "manage"), { change });
  assert.ok(!refused.ok);
  assert.deepEqual(refused.error, {
    kind: "policy",
    rule: "policy",
    detail:
      "the policy of the owner payments does not allow this: scope must not have c: the policy allows a b; ask the team payments",
    errors: [{ pointer: "/scope", detail: "must not have c: the policy allows a b" }],
    owner: "payments",
    contact: "the team payments",
  });
});

test("a refusal by a long policy is short, however many scopes and blocks are refused", () => {
  const blocks = (network: number) =>
    Array.from({ length: 100 }, (_, number) => parseCidr(`10.${network}.${number}.0/24`)).flatMap((parsed) =>
      parsed.ok ? [parsed.value] : [],
    );
  const allowed = Array.from({ length: 400 }, (_, number) => `allowed:${number}`);
  const policy = { ...owners.payments.policy, scopes: allowed, addressBlocks: blocks(0) };
  const scopes = Array.from({ length: 700 }, (_, number) => `s:${number}`);
  const after = { ...plainClient("app"), owner: "payments", scopes, ipAllowlist: blocks(1), secrets: [] };
  const change = { before: null, after, owner: { ...owners.payments, policy }, context, scopeClaims };
  const refused = permit(authorityOf(callerOf("admin", null), "manage"), { change });
  assert.ok(!refused.ok && refused.error.errors?.length === 2);
  assert.ok(JSON.stringify(refused.error).length < 3000);
});

test("a claim that a scope sets is set, changed and removed by platform admins only, and others by teams as well", () => {
  const without = { ...plainClient("app"), owner: "payments" };
  const gold = { ...without, claims: { tier: "gold" } };
  const other = { ...without, claims: { region: "eu" } };
  const word = (owners: readonly string[] | null, before: Client | null, after: Client) => {
    const change = { before, after, owner: ownerWith("payments", openPolicy), context, scopeClaims };
    return wordOf(
      permit(authorityOf(callerOf("admin", owners), "manage"), { ...(before && { target: before }), change }),
    );
  };
  const changes: readonly (readonly [Client | null, Client])[] = [
    ...([
      [null, gold],
      [without, gold],
      [gold, without],
    ] as const),
    [gold, { ...gold, claims: { tier: "silver" } }],
    [gold, { ...gold, claims: { tier: "gold", TIER: "silver" } }],
  ];
  for (const [before, after] of changes) {
    assert.equal(word(["payments"], before, after), "scope_claim");
    assert.equal(word(null, before, after), "permitted");
  }
  for (const after of [other, { ...gold, claims: { ...gold.claims, region: "eu" } }])
    assert.equal(word(["payments"], after === other ? null : gold, after), "permitted");
});
