import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseCidr } from "@carnet/core/client/cidr";
import type { Client } from "@carnet/core/client/client";
import { defaultPolicy, type OwnerPolicy } from "@carnet/core/owner/owner";
import { newViolations, violations, withPolicyEnd, withPolicySettings } from "@carnet/core/owner/policy";
import { openPolicy } from "@carnet/testkit/memory-owner-store";
import { fullClient, plainClient, secretOf } from "@carnet/testkit/sample-clients";

const now = Date.parse("2026-11-21T12:00:00Z");
const day = 86_400_000;
const context = { accessTokenTtl: 600, now };
const block = (text: string) => {
  const parsed = parseCidr(text);
  assert.ok(parsed.ok);
  return parsed.value;
};
const clientWith = (changes: Partial<Client>): Client => ({ ...plainClient("app"), ...changes });
const pointersOf = (client: Client, policy: Partial<OwnerPolicy>) =>
  violations(client, { ...openPolicy, ...policy }, context).map(({ pointer }) => pointer);

const secretEnding = (expiresAt: number | null, changes = {}) => ({
  ...secretOf("s"),
  createdAt: now,
  expiresAt,
  ...changes,
});

/** For each line of a policy: what it allows, and what violates it. */
const lines: Readonly<
  Record<
    string,
    { pointer: string; policy: Partial<OwnerPolicy>; allows: Partial<Client>[]; refuses: Partial<Client>[] }
  >
> = {
  scopes: {
    pointer: "/scope",
    policy: { scopes: ["a", "b"] },
    allows: [{ scopes: [] }, { scopes: ["b", "a"] }, { scopes: ["carnet:introspect"] }],
    refuses: [{ scopes: ["c"] }, { scopes: ["a", "A"] }],
  },
  "no scopes": { pointer: "/scope", policy: { scopes: [] }, allows: [{ scopes: [] }], refuses: [{ scopes: ["a"] }] },
  addressBlocks: {
    pointer: "/ip_allowlist",
    policy: { addressBlocks: [block("203.0.113.0/24"), block("2001:db8::/32")] },
    allows: [
      { ipAllowlist: [block("203.0.113.0/24")] },
      { ipAllowlist: [block("203.0.113.7"), block("2001:db8:1::/48")] },
    ],
    refuses: [
      { ipAllowlist: [] },
      { ipAllowlist: [block("203.0.112.0/23")] },
      { ipAllowlist: [block("203.0.113.7"), block("198.51.100.1")] },
      { ipAllowlist: [block("2001::/16")] },
    ],
  },
  maxTokenTtl: {
    pointer: "/access_token_ttl",
    policy: { maxTokenTtl: 300 },
    allows: [{ accessTokenTtl: 300 }],
    refuses: [{ accessTokenTtl: 301 }, { accessTokenTtl: null }],
  },
  audiences: {
    pointer: "/audience",
    policy: { audiences: ["https://a.test"] },
    allows: [{ audience: null }, { audience: "https://a.test" }],
    refuses: [{ audience: "https://b.test" }],
  },
  workspaces: {
    pointer: "/workspace",
    policy: { workspaces: ["one"] },
    allows: [{ workspace: null }, { workspace: "one" }],
    refuses: [{ workspace: "ONE" }],
  },
  usernames: {
    pointer: "/username",
    policy: { usernames: [] },
    allows: [{ username: null }],
    refuses: [{ username: "grace" }],
  },
  maxSecretAge: {
    pointer: "/secret/expires_at",
    policy: { maxSecretAge: 86_400 },
    allows: [
      { secrets: [secretEnding(now + day)] },
      { secrets: [secretEnding(null, { revokedAt: now })] },
      { secrets: [secretEnding(now, { createdAt: now - 2 * day })] },
    ],
    refuses: [{ secrets: [secretEnding(now + day + 1)] }, { secrets: [secretEnding(null)] }],
  },
  secretsMustExpire: {
    pointer: "/secret/expires_at",
    policy: { secretsMustExpire: true },
    allows: [{ secrets: [] }, { secrets: [secretEnding(now + 1000 * day)] }],
    refuses: [{ secrets: [secretEnding(now + 1), secretEnding(null)] }],
  },
};

suite("A policy", () => {
  for (const [line, { pointer, policy, allows, refuses }] of Object.entries(lines)) {
    test(`allows what its line ${line} says, and nothing else`, () => {
      for (const allowed of allows)
        assert.deepEqual(pointersOf(clientWith(allowed), policy), [], JSON.stringify(allowed));
      for (const refused of refuses)
        assert.deepEqual(pointersOf(clientWith(refused), policy), [pointer], JSON.stringify(refused));
    });
  }

  test("of an owner from before there were policies allows everything", () => {
    assert.deepEqual(violations(fullClient, openPolicy, context), []);
  });

  test("by default allows every scope, the default audience, and no workspace or username", () => {
    const bare = clientWith({ scopes: ["any"] });
    assert.deepEqual(violations(bare, defaultPolicy, context), []);
    const full = violations(fullClient, defaultPolicy, context).map(({ pointer }) => pointer);
    assert.deepEqual(full, ["/audience", "/workspace", "/username"]);
  });
});

suite("A refusal by a long policy", () => {
  const names = (name: string, count: number) => Array.from({ length: count }, (_, number) => `${name}${number}`);
  const blocks = (network: number) => Array.from({ length: 100 }, (_, number) => block(`10.${network}.${number}.0/24`));
  const policy: OwnerPolicy = { ...openPolicy, scopes: names("allowed", 400), addressBlocks: blocks(0) };
  const before = clientWith({ scopes: names("s", 1000), ipAllowlist: blocks(1) });

  test("has one short problem for each line, with the first ten names", () => {
    const found = violations(before, policy, context);
    assert.deepEqual(found[0], {
      pointer: "/scope",
      detail: `must not have ${names("s", 10).join(" ")} and 990 more: the policy allows ${names("allowed", 10).join(" ")} and 390 more`,
    });
    assert.deepEqual(
      found.map(({ pointer }) => pointer),
      ["/scope", "/ip_allowlist"],
    );
    assert.ok(JSON.stringify(found).length < 1000);
    const long = clientWith({ scopes: ["s".repeat(4096)], username: "u".repeat(4096) });
    const strict = { ...openPolicy, scopes: ["t".repeat(4096)], usernames: ["v".repeat(4096)] };
    assert.ok(JSON.stringify(violations(long, strict, context)).length < 1000);
  });

  test("notices a new scope or block beyond those that it names", () => {
    const after = { ...before, scopes: [...before.scopes, "new"], ipAllowlist: [...before.ipAllowlist, block("::/0")] };
    const details = newViolations(before, after, policy, context).map(({ detail }) => detail.replace(/:? the.*/, ""));
    assert.deepEqual(details, ["must not have new", "must not have ::/0"]);
    assert.deepEqual(newViolations(before, { ...before, clientName: "x" }, policy, context), []);
  });
});

suite("A change of a client that violates its policy already", () => {
  const policy: OwnerPolicy = { ...defaultPolicy, scopes: ["a"], maxTokenTtl: 300 };
  const before = clientWith({ scopes: ["a", "old"], accessTokenTtl: 900, username: "grace", status: "disabled" });
  const pointers = (changes: Partial<Client>, changed: Partial<OwnerPolicy> = {}) =>
    newViolations(before, { ...before, ...changes }, { ...policy, ...changed }, context).map(({ pointer }) => pointer);

  test("may keep what it violates, and correct it", () => {
    for (const changes of [{}, { clientName: "x" }, { scopes: ["old"] }, { accessTokenTtl: 300, username: null }])
      assert.deepEqual(pointers(changes), [], JSON.stringify(changes));
  });

  test("must not violate a line with another value", () => {
    assert.deepEqual(pointers({ scopes: ["a", "old", "new"] }), ["/scope"]);
    assert.deepEqual(pointers({ accessTokenTtl: 86_400 }), ["/access_token_ttl"]);
    assert.deepEqual(pointers({ username: "ada" }), ["/username"]);
    assert.deepEqual(pointers({ secrets: [secretEnding(null)] }, { secretsMustExpire: true }), ["/secret/expires_at"]);
  });

  test("must violate nothing when it moves to another owner", () => {
    assert.deepEqual(pointers({ owner: "payments" }), ["/scope", "/access_token_ttl", "/username"]);
  });

  test("must violate nothing when it was an admin client, which no policy binds", () => {
    const admin: Client = { ...before, role: "admin" };
    assert.equal(newViolations(admin, before, policy, context).length, 3);
    assert.deepEqual(newViolations(before, { ...before, clientName: "x" }, policy, context), []);
  });

  test("must violate nothing when it is enabled again, once the policy is enforced", () => {
    assert.deepEqual(pointers({ status: "active" }), []);
    assert.deepEqual(pointers({ status: "active" }, { enforceFrom: now + 1 }), []);
    assert.deepEqual(pointers({ status: "active" }, { enforceFrom: now }).length, 3);
    assert.deepEqual(pointers({ clientName: "x" }, { enforceFrom: now }), []);
    const active = { ...before, status: "active" } as const;
    const enforced = { ...policy, enforceFrom: now };
    assert.deepEqual(newViolations(active, { ...active, status: "disabled" }, enforced, context), []);
  });
});

suite("A policy fills in", () => {
  const policy: OwnerPolicy = {
    ...defaultPolicy,
    addressBlocks: [block("203.0.113.0/24")],
    maxTokenTtl: 300,
    maxSecretAge: 60,
  };
  const filled = { ip_allowlist: ["203.0.113.0/24"], access_token_ttl: 300 };

  test("the address blocks, the token lifetime and the end of a secret, where nothing is given", () => {
    assert.deepEqual(withPolicySettings({ client_name: "x" }, policy, context), { client_name: "x", ...filled });
    assert.deepEqual(withPolicySettings({ ip_allowlist: null, access_token_ttl: null }, policy, context), filled);
    assert.deepEqual(withPolicyEnd({ label: "x" }, policy, now), {
      label: "x",
      expires_at: "2026-11-21T12:01:00.000Z",
    });
  });

  test("nothing that is given, and nothing that it does not bound", () => {
    const given = { ip_allowlist: [], access_token_ttl: 900 };
    assert.deepEqual(withPolicySettings(given, policy, context), given);
    assert.deepEqual(withPolicySettings({}, defaultPolicy, context), {});
    assert.deepEqual(withPolicySettings({}, { ...defaultPolicy, maxTokenTtl: 600 }, context), {});
    assert.deepEqual(withPolicyEnd({ expires_at: "2030-01-01" }, policy, now), { expires_at: "2030-01-01" });
    assert.deepEqual(withPolicyEnd({}, { maxSecretAge: null }, now), {});
  });
});
