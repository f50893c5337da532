// The image cannot be built where the tests run, so each step of the Dockerfile is carried out in a plain folder. Its
// command then runs in there: as the user of the image, with a read-only root.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { CarnetProcess, type Finished, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { contained, prepareRoot } from "./support/contained.ts";
import { buildStage, contextFiles, execForm, isIgnored, type Stage, stagesOf } from "./support/dockerfile.ts";

const [globals = [], ...stages] = stagesOf("deploy/docker/Dockerfile");
const [build = [], image = []] = stages;
const textsOf = (steps: typeof image, keyword: string): readonly string[] =>
  steps.filter((step) => step.keyword === keyword).map(({ text }) => text);

suite("the Dockerfile", () => {
  test("has two stages, whose base images have a tag and can be pinned from outside", () => {
    assert.deepEqual(
      stages.map(([from]) => from?.text.replaceAll(/[${}]/g, "")),
      ["BUILDER AS build", "RUNTIME"],
    );
    assert.deepEqual(
      textsOf(globals, "ARG").map((text) => /^(\w+)=[\w./-]+:(?!latest)[\w.-]+$/.exec(text)?.[1]),
      ["BUILDER", "RUNTIME"],
    );
  });

  test("makes an image that does not run as root, needs no shell and contains no secret", () => {
    assert.deepEqual(textsOf(image, "RUN"), []);
    assert.match(textsOf(image, "USER").at(-1) ?? "", /^[1-9]\d*:[1-9]\d*$/);
    for (const keyword of ["ENTRYPOINT", "CMD"])
      assert.ok(execForm(textsOf(image, keyword)[0] ?? "").every((word) => typeof word === "string"));
    assert.match(textsOf(image, "HEALTHCHECK").join(), /^CMD \[/);
    for (const text of [...globals, ...stages.flat()]
      .filter(({ keyword }) => /ENV|ARG/.test(keyword))
      .map(({ text }) => text))
      assert.doesNotMatch(text, /SECRET|KEY|PASSWORD|TOKEN/i);
    assert.deepEqual(textsOf(stages.flat(), "ADD"), []);
  });

  test("gets no data, credentials or tests from the folder that it is built in", () => {
    for (const path of [
      ".carnet/master.key",
      "packages/cli/.carnet/admin.json",
      "team-admin.json",
      ".git/config",
      "bench/run.ts",
    ])
      assert.equal(isIgnored(path), true, path);
    assert.ok(contextFiles().includes("packages/cli/bin/carnet.js"));
    assert.ok(!contextFiles().some((file) => /^test\/|node_modules/.test(file)));
  });
});

suite("the image", () => {
  let folder: TemporaryFolder;
  let stage: Stage;
  let env: Readonly<Record<string, string>>;
  const volume = (): string => folder.file("volume");
  const within = (command: readonly string[]): Promise<Finished> =>
    runCarnet([], { command: contained(stage, volume(), command), env });

  before(async () => {
    folder = await temporaryFolder();
    for (const name of ["build", "image"]) mkdirSync(folder.file(name));
    const built = buildStage(build, folder.file("build"), []);
    stage = buildStage(image, folder.file("image"), [built]);
    prepareRoot(stage, volume());
    const own = textsOf(image, "ENV")
      .join(" ")
      .split(/\s+/)
      .map((word) => word.split("=") as [string, string]);
    env = {
      ...Object.fromEntries(own),
      CARNET_PORT: String(await freePort()),
      CARNET_ISSUER: "https://iam.example.test",
    };
  });
  after(() => folder[Symbol.asyncDispose]());

  test("serves tokens as another user with a read-only root, is healthy, and stops when told to", async () => {
    const [entry = "", command = ""] = ["ENTRYPOINT", "CMD"].map((keyword) => textsOf(image, keyword)[0]);
    const health = execForm((textsOf(image, "HEALTHCHECK")[0] ?? "").replace(/^CMD /, ""));
    assert.equal((await within(health)).code, 1, "nothing listens yet");
    await using carnet = new CarnetProcess([], {
      ...{ env, command: contained(stage, volume(), [...execForm(entry), ...execForm(command)]) },
    });
    await carnet.prints("stdout", /"event":"listening"/);
    const [, uid] = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${carnet.pid}/status`, "utf8")) ?? [];
    assert.equal(uid, process.getuid?.() === 0 ? stage.user.split(":")[0] : String(process.getuid?.()));
    const checked = await within(health);
    assert.equal(checked.code, 0, checked.stderr);
    const made = await within([
      "/usr/local/bin/carnet",
      "client",
      "create",
      "--client-id",
      "c",
      "--name",
      "C",
      "--json",
    ]);
    assert.equal(made.code, 0, made.stderr);
    const answer = await fetch(`http://127.0.0.1:${env["CARNET_PORT"]}/oauth2/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: "c",
        client_secret: JSON.parse(made.stdout).client_secret,
      }),
    });
    assert.equal(answer.status, 200);
    carnet.kill("SIGTERM");
    assert.equal((await carnet.finished()).code, 0);
    assert.equal((await within(health)).code, 1, "it has stopped");
    assert.equal(statSync(volume()).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(volume()).sort(), ["admin.json", "carnet.db", "journal", "master.key"]);
  });

  test("cannot be written to outside its volume", async () => {
    for (const path of ["/app/x", "/usr/local/bin/carnet", "/tmp-x"]) {
      const tried = await within(["/nodejs/bin/node", "-e", "fs.writeFileSync(process.argv[1], 'x')", path]);
      assert.match(tried.stderr, /EROFS|EACCES/, path);
    }
  });

  test("contains the package and nothing to build it with", () => {
    assert.deepEqual(readdirSync(`${stage.folder}/app`).sort(), [
      ...["LICENSE", "THIRD-PARTY-LICENSES", "bin", "dist", "health.mjs", "package.json"],
    ]);
    const size = readdirSync(`${stage.folder}/app`, { recursive: true, encoding: "utf8" })
      .map((name) => statSync(`${stage.folder}/app/${name}`).size)
      .reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(size < 8 * 1024 ** 2, `${size} bytes`);
  });
});
