// Each published package tells the version of its manifest.
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SDK } from "@carnet/sdk";
import { runCarnet } from "@carnet/testkit/carnet-process";

const root = join(import.meta.dirname, "..");

const versionOf = (folder: string): string =>
  JSON.parse(readFileSync(`${import.meta.dirname}/../packages/${folder}/package.json`, "utf8")).version;

test("the user agent of the SDK has the version of its package", async () => {
  let seen: string | null = null;
  const sdk = new SDK({
    security: { clientId: "id", clientSecret: "secret" },
    serverURL: "https://api.example.test",
    httpClient: async (input, init) => {
      seen = new Request(input, init).headers.get("user-agent");
      return Response.json({ access_token: "t", token_type: "Bearer" });
    },
  });
  await sdk.iam.tokenRequest();
  assert.equal(seen, `carnet-sdk-typescript/${versionOf("sdk")}`);
});

test("carnet --version prints the version of its package", async () => {
  const { code, stdout } = await runCarnet(["--version"]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: `${versionOf("cli")}\n` });
});

test("a changeset names only published packages, because others have no version", () => {
  const folder = `${import.meta.dirname}/../.changeset`;
  const named = readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => [...readFileSync(`${folder}/${file}`, "utf8").matchAll(/^"(.+)": (?:major|minor|patch)$/gm)])
    .map(([, name = ""]) => name);
  for (const name of named)
    assert.ok(["carnet", "@carnet/sdk", "@carnet/guard"].includes(name), `${name} is not published`);
});

test("no README names the file of one version, which the next release would make wrong", () => {
  for (const readme of ["README.md", ...globSync("packages/*/README.md", { cwd: root })])
    assert.doesNotMatch(readFileSync(join(root, readme), "utf8"), /\d\.tgz/, readme);
});
