import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { defaultPolicy } from "@carnet/core/owner/owner";
import { policyFields } from "@carnet/core/owner/owner-fields";
import { defaultOwnerSettings, type OwnerInput, type PolicyInput, readOwner } from "@carnet/core/owner/read-owner";

const everything = {
  scope: "file:read file:write",
  ip_allowlist: ["203.0.113.0/24", "2001:db8::/32"],
  max_token_ttl: 600,
  max_secret_age: 7_776_000,
  secrets_must_expire: true,
  max_clients: 50,
  audiences: ["https://api.example.test"],
  workspaces: ["*"],
  usernames: ["grace"],
  enforce_from: "2027-01-31T00:00:00.000Z",
} as const satisfies Required<PolicyInput>;

const read = (input: OwnerInput, current = defaultOwnerSettings) => {
  const outcome = readOwner(input, current);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.value;
};

suite("The settings of an owner", () => {
  test("are read and shown in the same form", () => {
    const settings = read({ description: "Pays", contact: "#pay", policy: everything });
    assert.deepEqual([settings.description, settings.contact], ["Pays", "#pay"]);
    assert.deepEqual(policyFields(settings.policy), everything);
  });

  test("keep what is missing, and null resets to the default, even inside the policy [RFC7396 §2]", () => {
    const full = read({ description: "Pays", contact: "#pay", policy: everything });
    assert.deepEqual(read({}, full), full);
    assert.deepEqual(read({ policy: {} }, full), full);
    assert.deepEqual(read({ description: null, contact: null, policy: null }, full), defaultOwnerSettings);
    for (const [field, value] of Object.entries(policyFields(defaultPolicy))) {
      const changed = policyFields(read({ policy: { [field]: null } }, full).policy);
      assert.deepEqual(changed, { ...everything, [field]: value });
    }
  });

  test("that are invalid are refused, each with its pointer", () => {
    const wrong = {
      description: "",
      contact: "a\nb",
      policy: {
        scope: "",
        ip_allowlist: ["10.1"],
        max_token_ttl: 86_401,
        max_secret_age: 0,
        max_clients: -1,
        audiences: ["a b"],
        workspaces: [""],
        usernames: Array.from({ length: 101 }, (_, at) => `user-${at}`),
        enforce_from: "soon",
      },
    };
    const outcome = readOwner(wrong, defaultOwnerSettings);
    assert.ok(!outcome.ok);
    const pointers = Object.keys(wrong.policy).map((name) => `/policy/${name}`);
    assert.deepEqual(
      outcome.error.map(({ pointer }) => pointer),
      ["/description", "/contact", ...pointers],
    );
    for (const { detail } of outcome.error) assert.match(detail, /^(must|has a name that must|an address block)/);
  });

  test("cannot allow scopes of the service itself, because only platform admins grant them", () => {
    const outcome = readOwner({ policy: { scope: "file:read carnet:introspect" } }, defaultOwnerSettings);
    assert.ok(!outcome.ok);
    assert.match(outcome.error[0]?.detail ?? "", /begins with carnet:/);
  });

  test("take a number of clients of 0 and a date, which means its start in UTC", () => {
    const { policy } = read({ policy: { max_clients: 0, enforce_from: "2027-01-31", usernames: ["a", "a"] } });
    assert.deepEqual([policy.maxClients, policy.enforceFrom, policy.usernames], [0, Date.UTC(2027, 0, 31), ["a"]]);
  });
});
