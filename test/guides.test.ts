// What the guides show, name and link to exists. guides-in-order.test.ts runs their commands.
import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService } from "@carnet/testkit/service";
import { blocksOf, readersFolder } from "./support/reader.ts";

const root = join(import.meta.dirname, "..");

suite("the guides", () => {
  test("show the example that they link to", () => {
    const example = readFileSync(join(root, "examples/clients.yaml"), "utf8");
    assert.deepEqual(blocksOf("docs/guide/configuration-as-code.md", "yaml").slice(0, 1), [example]);
  });

  test("start a service in running.md", async () => {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const [block = "", ...others] = blocksOf("docs/guide/running.md");
    assert.deepEqual(others, []);
    const command = ["bash", "-euo", "pipefail", "-c", block] as const;
    await using carnet = new CarnetProcess([], {
      cwd: folder.path,
      env: { ...env, CARNET_PORT: String(await freePort()), CARNET_HOST: "127.0.0.1" },
      command: [command[0], ...command.slice(1)],
    });
    await carnet.prints("stdout", /"issuer":"https:\/\/iam\.example\.com".*"event":"listening"/);
    assert.ok(statSync(folder.file(".carnet/admin.json")).isFile());
  });

  test("name admin files that git ignores, so that a reader in a clone does not commit them", () => {
    assert.ok(readFileSync(join(root, ".gitignore"), "utf8").split("\n").includes("*-admin.json"));
    const files = globSync("docs/guide/**/*.md", { cwd: root })
      .map((path) => readFileSync(join(root, path), "utf8"))
      .flatMap((text) => [...text.matchAll(/carnet admin create [^\n]* > (\S+\.json)/g)].map(([, file = ""]) => file));
    assert.ok(files.length > 3);
    for (const file of files) assert.match(file, /-admin\.json$/);
  });

  test("have no broken link, and each anchor exists", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-");
    for (const path of globSync("docs/{guide,operate}/**/*.md", { cwd: root })) {
      const text = readFileSync(join(root, path), "utf8");
      for (const [, target = "", anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
        const file = target === "" ? join(root, path) : join(root, dirname(path), target);
        assert.ok(statSync(file, { throwIfNoEntry: false }), `${path}: ${target} is missing`);
        if (anchor === undefined) continue;
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          slug(heading),
        );
        assert.ok(headings.includes(anchor), `${path}: ${target}#${anchor} is missing`);
      }
    }
  });
});

test("the guide to the revocation feed shows and explains every claim of it", async () => {
  await using service = await startTestService();
  const page = readFileSync(join(root, "docs/guide/revocation-feed.md"), "utf8");
  const [, payload = ""] = (await (await fetch(`${service.url}/oauth2/revocations`)).text()).split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const [example = ""] = blocksOf("docs/guide/revocation-feed.md", "json");
  assert.deepEqual(Object.keys(JSON.parse(example)), Object.keys(claims));
  for (const name of Object.keys(claims).slice(3))
    assert.match(page, new RegExp(`^\\| \`${name}\` \\| .{20,} \\|$`, "m"));
});

test("the guide to tokens has the request of the README and every claim of a token", async () => {
  await using service = await startTestService();
  const client = await service.register({ workspace: "acme" });
  const { clientId: client_id, clientSecret: client_secret } = client;
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  const response = await fetch(`${service.url}/oauth2/token`, { method: "POST", body });
  const answer = await response.json();
  const claims = JSON.parse(Buffer.from(answer.access_token.split(".")[1], "base64url").toString("utf8"));

  const guide = readFileSync(join(root, "docs/guide/tokens.md"), "utf8");
  const [members, payload] = [...guide.matchAll(/^```json\n(.*?)^```/gms)].map(([, json = ""]) => JSON.parse(json));
  assert.deepEqual(Object.keys(members).sort(), Object.keys(answer).sort());
  assert.deepEqual(Object.keys(payload).sort(), Object.keys(claims).sort());
  assert.equal(payload.arid, claims.arid);
  const [variables = "", request = ""] = blocksOf("docs/guide/tokens.md");
  const readme = readFileSync(join(root, "README.md"), "utf8");
  assert.ok(variables.startsWith("export ") && readme.includes(variables));
  assert.ok(request.startsWith("curl ") && readme.includes(request));
});

test("every npm script that a page names exists", () => {
  const pages = globSync(["*.md", "bench/README.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root });
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return [...text.matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name = ""]) => ({ page, name }));
  });
  assert.ok(named.some(({ name }) => name === "bench"));
  for (const { page, name } of named) assert.ok(name in scripts, `${page} names npm run ${name}`);
});
