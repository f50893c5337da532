import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { TokenCache } from "../src/token-cache.ts";

suite("The cache of tokens", () => {
  test("never holds more than its limit", () => {
    const cache = new TokenCache<number>(10);
    let most = 0;
    for (let n = 0; n < 1000; n++) {
      cache.set(`token-${n}`, n);
      let held = 0;
      // Reading would keep what is read, so a copy is read
      for (let each = 0; each <= n; each++) held += Number(peek(cache, `token-${each}`) !== undefined);
      most = Math.max(most, held);
    }
    assert.ok(most > 5 && most <= 10, `it held ${most}`);
  });

  test("keeps what is used, and drops what is not", () => {
    const cache = new TokenCache<string>(10);
    cache.set("used", "used");
    cache.set("unused", "unused");
    for (let n = 0; n < 100; n++) {
      cache.set(`token-${n}`, "");
      assert.equal(cache.get("used"), "used");
    }
    assert.equal(cache.get("unused"), undefined);
  });

  test("of size 0 remembers nothing", () => {
    const cache = new TokenCache<number>(0);
    cache.set("token", 1);
    assert.equal(cache.get("token"), undefined);
  });

  test("drops one token, or all", () => {
    const cache = new TokenCache<number>(4);
    for (const token of ["a", "b", "c"]) cache.set(token, 1);
    cache.delete("a");
    assert.deepEqual([cache.get("a"), cache.get("c")], [undefined, 1]);
    cache.clear();
    assert.equal(cache.get("c"), undefined);
  });
});

/** Reads without keeping: what is in the old generation is put back by hand. */
function peek(cache: TokenCache<number>, token: string): number | undefined {
  const set = cache.set;
  cache.set = () => {};
  try {
    return cache.get(token);
  } finally {
    cache.set = set;
  }
}
