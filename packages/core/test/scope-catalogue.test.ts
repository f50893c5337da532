import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { registerClient } from "@carnet/core/client/register-client";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { MemoryScopeStore } from "@carnet/testkit/memory-scope-store";
import { withEvent } from "@carnet/testkit/sample-events";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const ports = adminPortsOf(new TestEndpoint());

async function catalogue(open: boolean) {
  const store = new MemoryScopeStore();
  await store.put({ name: "file:read", description: "Read files", claims: {} }, null, withEvent());
  return new ScopeCatalogue(store, open);
}

suite("A catalogue of scopes", () => {
  test("that is closed accepts exactly the names it contains", async () => {
    const closed = await catalogue(false);
    assert.deepEqual(await closed.unknown([]), []);
    assert.deepEqual(await closed.unknown(["file:read"]), []);
    assert.deepEqual(await closed.unknown(["FILE:READ", "file:read", "file", "x"]), ["FILE:READ", "file", "x"]);
  });

  test("that is closed accepts the scopes of this service, which it need not contain, and no others that look like them", async () => {
    const closed = await catalogue(false);
    assert.deepEqual(await closed.unknown(["carnet:introspect", "carnet:introspect:all", "carnet:clients:read"]), []);
    assert.deepEqual(await closed.unknown(["carnet:introspct", "carnet:"]), ["carnet:introspct", "carnet:"]);
  });

  test("that is open accepts any name", async () => {
    assert.deepEqual(await (await catalogue(true)).unknown(["x", "FILE:READ"]), []);
  });

  test("refuses to register a client for missing scopes, and names them", async () => {
    const scopes = await catalogue(false);
    const endpoint = new TestEndpoint();
    const refused = await registerClient({ scope: "file:read a b" }, { ...endpoint, scopes });
    assert.ok(!refused.ok && refused.error.kind === "invalid");
    assert.deepEqual(refused.error.errors?.length, 1);
    assert.equal(refused.error.errors?.[0]?.pointer, "/scope");
    assert.match(refused.error.detail, /: a b;/);
    assert.ok((await scopes.put({ name: "a", description: "A" }, ports)).ok);
    assert.ok((await scopes.put({ name: "b", description: "B" }, ports)).ok);
    assert.ok((await registerClient({ scope: "file:read a b" }, { ...endpoint, scopes })).ok);
  });

  test("replaces the description of an existing scope", async () => {
    const closed = await catalogue(false);
    assert.ok((await closed.put({ name: "file:read", description: "Look at files" }, ports)).ok);
    assert.deepEqual(await closed.list(), [{ name: "file:read", description: "Look at files", claims: {} }]);
  });

  test("refuses an invalid name, and a description that cannot be displayed [RFC6749 §3.3]", async () => {
    const closed = await catalogue(false);
    for (const name of ["", " ", "a b", " a", "a ", 'a"', "a\\b", "ü", "a\n"]) {
      const refused = await closed.put({ name, description: "x" }, ports);
      assert.ok(!refused.ok && refused.error.kind === "invalid", JSON.stringify(name));
    }
    for (const description of ["", "a\nb", "a\u202eb", "a".repeat(256)]) {
      const refused = await closed.put({ name: "a", description }, ports);
      assert.ok(!refused.ok);
      assert.deepEqual(
        refused.error.errors?.map(({ pointer }) => pointer),
        ["/description"],
      );
    }
    assert.equal((await closed.list()).length, 1);
  });

  test("keeps the claims of a scope unless they are given, and gives them up for null", async () => {
    const closed = await catalogue(false);
    const claims = { z: 1, a: { y: [null], x: true } };
    const put = async (changes: object) => {
      const outcome = await closed.put({ name: "file:read", description: "Read", ...changes }, ports);
      assert.ok(outcome.ok);
      assert.deepEqual((await closed.list())[0], outcome.value);
      return JSON.stringify(outcome.value.claims);
    };
    assert.equal(await put({ claims }), '{"a":{"x":true,"y":[null]},"z":1}');
    assert.deepEqual([...(await closed.claimNames())], ["a", "z"]);
    assert.equal(await put({ description: "Read files" }), '{"a":{"x":true,"y":[null]},"z":1}');
    assert.equal(await put({ claims: { z: 2 } }), '{"z":2}', "they are replaced, not merged");
    assert.equal(await put({ claims: null }), "{}");
  });

  test("refuses claims of which a token with every scope would have too many, and names the member", async () => {
    const closed = await catalogue(false);
    const put = async (name: string, claims: Record<string, unknown>) => {
      const outcome = await closed.put({ name, description: name, claims }, ports);
      return outcome.ok ? "put" : outcome.error.errors?.map(({ pointer }) => pointer).join(" ");
    };
    assert.equal(await put("a", { one: "x".repeat(1014) }), "put", "1024 bytes");
    assert.equal(await put("a", { one: "x".repeat(1015) }), "/claims");
    assert.equal(await put("b", { one: "y".repeat(1014) }), "put", "one of them wins");
    assert.equal(await put("b", { two: 1 }), "/claims");
    assert.equal(await put("a", { one: "x" }), "put");
    assert.equal(await put("b", { two: "y".repeat(1004) }), "put", "a scope does not count twice");
    assert.equal(await put("b", { iss: "x", nested: { gone: null } }), "/claims/nested/gone /claims/iss");
  });

  test("deletes only scopes that it contains", async () => {
    const closed = await catalogue(false);
    assert.ok((await closed.delete("file:read", ports)).ok);
    const again = await closed.delete("file:read", ports);
    assert.ok(!again.ok && again.error.kind === "not_found");
    assert.deepEqual(await closed.unknown(["file:read"]), ["file:read"]);
  });
});
