// Runs every command of the guides on running and administering, in order, against a real service.
import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort, startTestService } from "@carnet/testkit/service";
import { blocksOf, readersFolder, runBlock, saveFiles, startDev } from "./support/reader.ts";

const root = join(import.meta.dirname, "..");

suite("the commands of the guides", () => {
  const atLeast = {
    "admin-api.md": 1,
    "credentials.md": 10,
    "configuration-as-code.md": 2,
    "usage.md": 3,
    "explain.md": 1,
  };
  for (const [guide, least] of Object.entries(atLeast)) {
    test(`those of ${guide} work in order`, async () => {
      const { folder, env } = await readersFolder();
      await using _ = folder;
      const { carnet, url } = await startDev(folder.path);
      await using __ = carnet;
      const blocks = blocksOf(`docs/guide/${guide}`);
      assert.ok(blocks.length >= least, `${blocks.length} blocks`);
      saveFiles(`docs/guide/${guide}`, folder.path);
      const more = { CARNET_SERVER_URL: url, EXISTING_SECRET: "an existing secret with words" };
      for (const block of blocks) {
        assert.match(await runBlock(block, folder.path, { ...env, ...more }), /^\S/, block);
      }
      carnet.kill("SIGINT");
      assert.equal((await carnet.finished()).code, 0);
    });
  }

  test("applying the example a second time changes nothing", async () => {
    const { folder, env } = await readersFolder();
    await using _ = folder;
    const { carnet } = await startDev(folder.path);
    await using __ = carnet;
    const page = "docs/guide/configuration-as-code.md";
    const [file = "", ...others] = saveFiles(page, folder.path);
    assert.deepEqual(others, []);
    const example = readFileSync(join(root, "examples/clients.yaml"), "utf8");
    assert.equal(readFileSync(folder.file(file), "utf8"), example, "the guide shows the example that it links to");
    const [first = ""] = blocksOf(page);
    const stdout = await runBlock(first, folder.path, env);
    assert.match(stdout, /^\+ create .*archive-export\n\+ create .*graph-sync\n2 to do, 0 unchanged\.\n\+ create/);
    assert.match(stdout, /\n0 to do, 2 unchanged\.\n$/);
  });

  test("the service of running.md starts", async () => {
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

  test("the guides have no broken link, and each anchor exists", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-");
    for (const path of globSync("docs/guide/**/*.md", { cwd: root })) {
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
