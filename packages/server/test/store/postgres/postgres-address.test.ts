import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { nameOf, parsePostgresUrl } from "@carnet/server/store/postgres/postgres-address";
import fc from "fast-check";

const parsed = (text: string) => {
  const result = parsePostgresUrl(text);
  assert.ok(result.ok, text);
  return result.value;
};

suite("the URL of a PostgreSQL database", () => {
  test("is read with libpq's meaning and defaults", () => {
    assert.deepEqual(parsed("postgres://carnet@db.example.com/iam"), {
      ...{ kind: "postgres", host: "db.example.com", port: 5432, database: "iam", user: "carnet", password: undefined },
      ...{ sslMode: "prefer", sslRootCert: undefined, sslCert: undefined, sslKey: undefined },
      ...{ applicationName: "carnet", connectTimeout: 5000 },
    });
    const full = parsed(
      "postgresql://a%40b:p%3Aw@[::1]:6432/my%20db?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&application_name=n1&connect_timeout=9",
    );
    assert.deepEqual([full.user, full.password?.reveal(), full.host, full.port], ["a@b", "p:w", "::1", 6432]);
    assert.deepEqual([full.database, full.sslMode, full.connectTimeout], ["my db", "verify-full", 9000]);
    assert.equal(parsed("postgres://u@%2Fvar%2Frun%2Fpostgresql/db").host, "/var/run/postgresql");
  });

  test("that cannot be used is refused with what is wrong, and never quoted", () => {
    for (const [text, reason] of [
      ["postgres://localhost/db", "it names no user"],
      ["postgres://u@/db", "it is not a URL of PostgreSQL"],
      ["postgres://u@one,two/db", "it does not name one host"],
      ["postgres://u@h", "it does not name a database"],
      ["postgres://u@h/", "it does not name a database"],
      ["postgres://u@h/a/b", "it does not name a database"],
      ["postgres://u@h/db?sslmode=allow", "its sslmode is none of disable, prefer, require, verify-ca, verify-full"],
      ["postgres://u@h/db?options=-c%20x", 'its parameter "options" is not supported'],
      ["postgres://u@h/db?password=planted", 'its parameter "password" is not supported'],
      ["postgres://u@h/db?sslcert=/c.pem", "sslcert and sslkey belong together"],
      ["postgres://u@h/db?connect_timeout=0", "its connect_timeout is not a whole number of seconds from 1 to 60"],
      ["postgres://u:%ff@h/db", "a part of it is not percent-encoded UTF-8"],
      ["postgres:u@h/db", "it is not a URL of PostgreSQL"],
    ] as const) {
      const result = parsePostgresUrl(text);
      assert.equal(result.ok ? "accepted" : result.error, reason, text);
    }
  });

  test("never throws, and its name shows no password", () => {
    fc.assert(
      fc.property(fc.string(), (tail) => {
        parsePostgresUrl(`postgres://${tail}`);
      }),
    );
    const address = parsed("postgres://u:planted@h:1/db");
    for (const text of [nameOf(address), inspect(address, { depth: 9 }), JSON.stringify(address)])
      assert.doesNotMatch(text, /planted/);
    assert.equal(nameOf(address), "postgres://u@h:1/db");
  });
});
