import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { readDesiredClients } from "@carnet/cli/apply/desired-clients";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import fc from "fast-check";

const planted = "planted-secret";

/** What reading a text as a file throws. */
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
      /^The file FILE is not valid YAML at line \d+, column \d+ \(MISSING_CHAR\): it holds `owner`/,
    ],
    "a member that stands twice": [
      `${start}    scope: a\n    scope: b\n`,
      /not valid YAML at line 5, column 5 \(DUPLICATE_KEY\)/,
    ],
    "a secret": [
      `${start}    secret: { value: ${planted} }\n`,
      /\n {2}line 4, column 13: clients\.0\.secret is not known here$/,
    ],
    "a secret under another name": [
      `${start}    client_secret: ${planted}\n`,
      /\n {2}line 4, column 20: clients\.0\.client_secret is not known here$/,
    ],
    "an unknown member beside the clients": [
      `${start}version: 1\n`,
      /\n {2}line 4, column 10: version is not known here$/,
    ],
    "a value of another type": [
      `${start}    access_token_ttl: "${planted}"\n`,
      /\n {2}line 4, column 23: clients\.0\.access_token_ttl must be integer or null$/,
    ],
    "a label that is no text": [
      `${start}    labels:\n      a: 5\n`,
      /\n {2}line 5, column 10: clients\.0\.labels\.a must be string$/,
    ],
    "a client without an id": [`${start}  - scope: x\n`, /\n {2}line 4, column 5: clients\.1 /],
    "a client twice": [
      `${start}  - client_id: a\n`,
      /^The file FILE names the client a a second time at line 4, column 5: nothing was done\.$/,
    ],
    "no owner": ["clients: []\n", /\n {2}line 1, column 1: .*owner/],
    "an owner that is no label": [`owner: "a b"\nclients: []\n`, /\n {2}line 1, column 8: owner /],
    nothing: ["", /\n {2}line 1, column 1: must be object$/],
    "a list": ["- a\n", /\n {2}line 1, column 1: must be object$/],
    "an alias that leads nowhere": [`${start}    client_name: *x\n`, /^The file FILE /],
    "aliases that would fill the memory": [
      `owner: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefghij"].map((name, at) => `${name}: &${name} [${`*${"abcdefghi"[at]},`.repeat(10)}]`).join("\n")}\n`,
      /^The file FILE has aliases that lead nowhere or to too much/,
    ],
  };
  for (const [what, [text, said]] of Object.entries(wrong)) {
    test(`is refused with line and column, and not quoted, where it has ${what}`, async () => {
      assert.match(await refusalOf(text), said);
    });
  }

  test("names every place that is wrong, in their order, ten at the most", async () => {
    const many = Array.from({ length: 12 }, (_, n) => `  - client_id: c${n}\n    bogus: ${planted}\n`).join("");
    const [, ...places] = (await refusalOf(`owner: me\nclients:\n${many}`)).split("\n");
    assert.deepEqual(
      places.map((place) => /^ {2}line (\d+)/.exec(place)?.[1]),
      Array.from({ length: 10 }, (_, n) => String(4 + 2 * n)),
    );
  });

  test("that is not there is refused with what to give", async () => {
    assert.throws(() => readDesiredClients("/nowhere/clients.yaml"), {
      name: "Failure",
      message:
        "The file /nowhere/clients.yaml cannot be read (ENOENT): give the path of a YAML file, or - for standard input.",
    });
  });

  test("takes a member without a value as left out", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("clients.yaml");
    await writeFile(path, `${start}    client_name:\n    scope: ~\n`);
    assert.deepEqual(readDesiredClients(path), { owner: "me", clients: [{ client_id: "a" }] });
  });

  test("is read or refused in words, whatever it holds", async () => {
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
