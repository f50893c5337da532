import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { readDesiredClients } from "carnet/apply/desired-clients";
import fc from "fast-check";

const planted = "planted-secret";

/** The error from reading a text as the file. */
async function refusalOf(text: string): Promise<string> {
  await using folder = await temporaryFolder();
  const path = folder.file("clients.yaml");
  await writeFile(path, text);
  try {
    readDesiredClients(path);
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "Failure", String(error));
    assert.ok(!error.message.includes(planted), error.message);
    return error.message.replaceAll(path, "FILE");
  }
  throw new Error("it is read");
}

const start = "owner: me\nclients:\n  - client_id: a\n";

suite("a file of clients", () => {
  const wrong: Readonly<Record<string, readonly [text: string, said: RegExp]>> = {
    "a broken line": [
      `${start}    client_name: "${planted}\n`,
      /^The file FILE is not valid YAML at line \d+, column \d+ \(MISSING_CHAR\)\. It must have `owner`/,
    ],
    "a duplicate member": [
      `${start}    scope: a\n    scope: b\n`,
      /not valid YAML at line 5, column 5 \(DUPLICATE_KEY\)/,
    ],
    "a secret": [
      `${start}    secret: { value: ${planted} }\n`,
      /\n {2}line 4, column 13: clients\.0\.secret is not recognised$/,
    ],
    "a secret under another name": [
      `${start}    client_secret: ${planted}\n`,
      /\n {2}line 4, column 20: clients\.0\.client_secret is not recognised$/,
    ],
    "an unknown top-level member": [`${start}version: 1\n`, /\n {2}line 4, column 10: version is not recognised$/],
    "a misspelt member": [
      `${start}    scop: file:read\nclient: []\n`,
      /\n {2}line 4, column 11: clients\.0\.scop is not recognised\. Did you mean scope\?\n {2}.* client is not recognised\. Did you mean clients\?$/,
    ],
    "a value that is not one of the choices": [
      `${start}    scope_policy: lose\n`,
      /\n {2}line 4, column 19: clients\.0\.scope_policy must be one of: narrow, strict, ignore$/,
    ],
    "a value of another type": [
      `${start}    access_token_ttl: "${planted}"\n`,
      /\n {2}line 4, column 23: clients\.0\.access_token_ttl must be integer, or a duration such as 30m$/,
    ],
    "a label that is not a string": [
      `${start}    labels:\n      a: 5\n`,
      /\n {2}line 5, column 10: clients\.0\.labels\.a must be string$/,
    ],
    "a client without an id": [`${start}  - scope: x\n`, /\n {2}line 4, column 5: clients\.1 /],
    "a duplicate client": [
      `${start}  - client_id: a\n`,
      /^The file FILE names the client a again at line 4, column 5\. Nothing was changed\.$/,
    ],
    "no owner": ["clients: []\n", /\n {2}line 1, column 1: .*owner/],
    "an owner that is not a valid label": [`owner: "a b"\nclients: []\n`, /\n {2}line 1, column 8: owner /],
    "no content": [
      "",
      /\n {2}line 1, column 1: must be object\. It must have `owner` and a list of `clients`, as .* writes them\.$/,
    ],
    "a list": ["- a\n", /\n {2}line 1, column 1: must be object\. It must have `owner`/],
    "an undefined alias": [`${start}    client_name: *x\n`, /^The file FILE /],
    "aliases that expand too far": [
      `owner: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefghij"].map((name, at) => `${name}: &${name} [${`*${"abcdefghi"[at]},`.repeat(10)}]`).join("\n")}\n`,
      /^The file FILE has aliases that are undefined or expand too far/,
    ],
  };
  for (const [what, [text, said]] of Object.entries(wrong)) {
    test(`with ${what} is refused with line and column, without quoting it`, async () => {
      assert.match(await refusalOf(text), said);
    });
  }

  test("is refused with up to ten problems in file order", async () => {
    const many = Array.from({ length: 12 }, (_, n) => `  - client_id: c${n}\n    bogus: ${planted}\n`).join("");
    const [, ...places] = (await refusalOf(`owner: me\nclients:\n${many}`)).split("\n");
    assert.deepEqual(
      places.map((place) => /^ {2}line (\d+)/.exec(place)?.[1]),
      Array.from({ length: 10 }, (_, n) => String(4 + 2 * n)),
    );
  });

  test("that does not exist is refused with a next step", async () => {
    assert.throws(() => readDesiredClients("/nowhere/clients.yaml"), {
      name: "Failure",
      message:
        "The file /nowhere/clients.yaml cannot be read (ENOENT). Give the path of a YAML file, or - for standard input.",
    });
  });

  test("may have members without a value, which count as omitted", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("clients.yaml");
    await writeFile(path, `${start}    client_name:\n    scope: ~\n`);
    assert.deepEqual(readDesiredClients(path), { owner: "me", clients: [{ client_id: "a" }] });
  });

  test("may give a lifetime as a duration or in seconds", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("clients.yaml");
    for (const ttl of ["30m", "1800", '"1800"']) {
      await writeFile(path, `${start}    access_token_ttl: ${ttl}\n`);
      assert.deepEqual(readDesiredClients(path).clients, [{ client_id: "a", access_token_ttl: 1800 }], ttl);
    }
  });

  test("is read or refused with a Failure, whatever it contains", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("clients.yaml");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string().map((piece) => `${start}    client_name: ${piece}\n`),
    );
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        await writeFile(path, content);
        try {
          readDesiredClients(path);
        } catch (error) {
          assert.equal(error instanceof Error && error.name, "Failure");
        }
      }),
    );
  });
});
