import assert from "node:assert/strict";
import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { freePort } from "@carnet/testkit/free-port";
import type { TestRegistration } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";
import { listening } from "./support/listening.ts";

let at: AdminService;
before(async () => {
  at = await startAdminService();
});
after(() => at[Symbol.asyncDispose]());

const list = ["client", "list"];
const scopes = "carnet:clients:read carnet:clients:write";

/** An admin client by the environment. */
async function otherAdmin(registration: TestRegistration) {
  const { clientId, clientSecret } = await at.service.register({ role: "admin", ...registration });
  const env = {
    CARNET_SERVER_URL: at.service.url,
    CARNET_ADMIN_CLIENT_ID: clientId,
    CARNET_ADMIN_CLIENT_SECRET: clientSecret,
  };
  return { clientId, clientSecret, env };
}

suite("the address and the credentials of admin commands", () => {
  test("come from the service's admin file in the current folder by default", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file(".carnet"));
    await copyFile(at.adminFile, folder.file(".carnet/admin.json"));
    const { code, stderr } = await runCommand(list, { cwd: folder.path });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });

  test("come from flags, else the environment, else the file", async () => {
    const { env, clientId, clientSecret } = await otherAdmin({ scope: scopes });
    const broken = `http://127.0.0.1:${await freePort()}`;
    const cases: readonly (readonly [what: string, env: Record<string, string>, args: readonly string[]])[] = [
      ["file alone", { CARNET_ADMIN_FILE: at.adminFile }, []],
      ["environment over file", { ...env, CARNET_ADMIN_FILE: "/nowhere" }, []],
      ["flag of the address over environment", { ...env, CARNET_SERVER_URL: broken }, ["--server-url", at.service.url]],
      [
        "flag of the client over environment",
        { ...env, CARNET_ADMIN_CLIENT_ID: "nobody" },
        ["--admin-client-id", clientId],
      ],
      [
        "flag of the file over environment",
        { CARNET_ADMIN_FILE: "/nowhere", CARNET_ADMIN_CLIENT_ID: "nobody", CARNET_ADMIN_CLIENT_SECRET: "wrong" },
        ["--admin-file", at.adminFile],
      ],
      [
        "a variable set to nothing is not set",
        { CARNET_ADMIN_FILE: at.adminFile, CARNET_SERVER_URL: "", CARNET_ADMIN_CLIENT_ID: "" },
        [],
      ],
    ];
    for (const [what, environment, args] of cases) {
      const { code, stderr, stdout } = await runCommand([...list, ...args], { env: environment });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, what);
      assert.ok(!stdout.includes(clientSecret));
    }
  });

  test("an id and its secret come from the same source", async () => {
    const env = { CARNET_ADMIN_FILE: at.adminFile, CARNET_SERVER_URL: at.service.url };
    const cases: readonly (readonly [env: Record<string, string>, args: readonly string[], said: RegExp])[] = [
      [
        {},
        ["--admin-client-id", "x"],
        /^carnet: The secret of the admin client x is missing\. Set CARNET_ADMIN_CLIENT_SECRET\./,
      ],
      [
        { CARNET_ADMIN_CLIENT_ID: "x" },
        [],
        /^carnet: The secret of the admin client x is missing\. Set CARNET_ADMIN_CLIENT_S/,
      ],
      [
        { CARNET_ADMIN_CLIENT_SECRET: "planted" },
        [],
        /^carnet: CARNET_ADMIN_CLIENT_SECRET is set without a client id\. Set CARNET_ADMIN_CLIENT_ID too\.\n$/,
      ],
      [{}, ["--admin-client-id", "x", "--admin-file", "y"], /cannot be combined\. Give one of them\.\n$/],
    ];
    for (const [more, args, said] of cases) {
      const refused = await runCommand([...list, ...args], { env: { ...env, ...more } });
      assertRefused(refused, said);
      assert.doesNotMatch(refused.stderr, /planted/);
    }
  });

  test("the secret in the file is sent only to the service that the file names, unless a flag overrides it", async () => {
    const heard: string[] = [];
    await using other = await listen((text) => heard.push(text));
    const env = { CARNET_ADMIN_FILE: at.adminFile, CARNET_SERVER_URL: other.url };
    const refused = await runCommand(list, { env });
    assertRefused(
      refused,
      /^carnet: CARNET_SERVER_URL and the admin file .* name different addresses .*: nothing was sent\. Unset the variable, or/,
    );
    assert.deepEqual(heard, []);
    await runCommand([...list, "--server-url", other.url], { env });
    assert.notDeepEqual(heard, []);
    const local = at.service.url.replace("127.0.0.1", "localhost");
    const same = await runCommand(list, { env: { CARNET_ADMIN_FILE: at.adminFile, CARNET_SERVER_URL: local } });
    assert.equal(same.code, 0, same.stderr);
  });

  test("give a next step if they are missing or the file is invalid", async () => {
    await using folder = await temporaryFolder();
    const run = (args: readonly string[] = []) => runCommand([...list, ...args], { cwd: folder.path });
    assertRefused(
      await run(),
      /^carnet: There are no admin credentials: the file \.carnet\/admin\.json does not exist\. Run this in the folder where .* --admin-file, or set CARNET_ADMIN_CLIENT_ID and CARNET_ADMIN_CLIENT_SECRET\.\n$/,
    );
    const file = folder.file("admin.json");
    const broken: readonly (readonly [text: string, said: RegExp])[] = [
      [
        '{"client_secret": "planted"',
        /^carnet: The admin file .* is not JSON\. Restore it, or write a new one with `carnet admin reset`\.\n$/,
      ],
      ['"planted"', /^carnet: The admin file .* has no server_url\. Restore/],
      [
        '{"server_url": "http://localhost:1", "client_id": "planted"}',
        /^carnet: The admin file .* has no client_secret\. Restore/,
      ],
    ];
    for (const [text, said] of broken) {
      await writeFile(file, text);
      const refused = await run(["--admin-file", file]);
      assertRefused(refused, said);
      assert.doesNotMatch(refused.stderr, /planted/);
    }
    assertRefused(
      await run(["--admin-file", folder.path]),
      /^carnet: The admin file .* is not a regular file: nothing was sent\. Name another/,
    );
    const env = { CARNET_ADMIN_CLIENT_ID: "x", CARNET_ADMIN_CLIENT_SECRET: "planted" };
    assertRefused(
      await runCommand(list, { env }),
      /^carnet: No service address: give --server-url .*, or set CARNET_SERVER_URL\.\n$/,
    );
  });
});

suite("an admin command that is refused", () => {
  test("says where a wrong secret came from and how to get a new one", async () => {
    const env = {
      CARNET_SERVER_URL: at.service.url,
      CARNET_ADMIN_CLIENT_ID: "carnet-admin",
      CARNET_ADMIN_CLIENT_SECRET: "planted",
    };
    const refused = await runCommand(list, { env });
    assertRefused(
      refused,
      /invalid_client.* \(request [0-9a-f-]{36}\)\nThe admin client and its secret come from the environment\. .*`carnet admin reset` creates/s,
    );
    assert.doesNotMatch(refused.stderr, /planted/);
  });

  test("says which scope the admin client lacks, and changes nothing", async () => {
    const { env, clientSecret } = await otherAdmin({ scope: "carnet:clients:read" });
    assert.equal((await runCommand(list, { env })).code, 0);
    const refused = await runCommand(["client", "create", "--client-id", "never"], { env });
    assertRefused(
      refused,
      /^carnet: Refused: the token lacks the scope carnet:clients:write \(request .*\)\.\nSee your role and scopes with `carnet whoami`\. .*`carnet admin create ID --role operator`/,
    );
    assert.ok(!refused.stderr.includes(clientSecret));
    assertRefused(await at.carnet(["client", "show", "never"]), /no client with this id/);
  });

  test("asks for an admin client if the client has no role", async () => {
    const { env } = await otherAdmin({ role: null, audience: "https://api.example.com" });
    assertRefused(
      await runCommand(list, { env }),
      /^carnet: Refused: the token is not valid for this API: .*\nUse an active admin client: one with a role\. .*`carnet admin list`.* On the service's machine/,
    );
  });

  test("does not mention scopes to a disabled client", async () => {
    const { env, clientId } = await otherAdmin({ scope: scopes });
    await at.json(["client", "disable", clientId, "--yes"]);
    assertRefused(await runCommand(list, { env }), /invalid_client/);
  });

  test("says the same to an expired client", async () => {
    const clock = new FixedClock("2026-03-01T00:00:00Z");
    await using own = await startAdminService({ clock });
    assert.equal((await own.carnet(["admin", "create", "another", "--role", "admin"])).code, 0);
    assert.equal((await own.carnet(["client", "change", "carnet-admin", "--expires-at", "2026-04-01"])).code, 0);
    clock.set("2026-04-01T00:00:00Z");
    assertRefused(
      await own.carnet(list),
      /invalid_client.*\nThe admin client and its secret come from the admin file/s,
    );
  });

  test("says that the service cannot be reached, and what to check", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = { CARNET_SERVER_URL: url, CARNET_ADMIN_CLIENT_ID: "x", CARNET_ADMIN_CLIENT_SECRET: "planted" };
    const refused = await runCommand(list, { env });
    assertRefused(
      refused,
      new RegExp(
        `carnet: Cannot connect to ${url} \\(ECONNREFUSED\\)\\.\nIs the service running\\? Start it with .carnet dev. or .carnet serve., or give another address with --server-url \\(this one comes from CARNET_SERVER_URL\\)\\.\n$`,
      ),
    );
    assert.doesNotMatch(refused.stderr, /planted/);
  });

  test("sends no credentials over plain HTTP to another machine or to an invalid address", async () => {
    const scheme = "must be a URL that starts with http:// or https://, such as http://localhost:8080";
    const addresses = {
      "http://iam.example.com": "must start with https://, because",
      "localhost:8080": scheme,
      "127.0.0.1:8080": scheme,
      "ftp://localhost": scheme,
      nonsense: scheme,
      "http://user:planted@127.0.0.1": "must not contain a user or a password",
    };
    for (const [url, problem] of Object.entries(addresses)) {
      const { code, stdout, stderr } = await at.carnet([...list, "--server-url", url]);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
      assert.ok(stderr.startsWith(`error: option '--server-url <url>' has an invalid value. It ${problem}`), stderr);
      const refused = await at.carnet(list, { env: { CARNET_SERVER_URL: url } });
      assertRefused(refused, /^carnet: CARNET_SERVER_URL must .*\. Nothing was sent\.\n$/);
      assert.ok(refused.stderr.includes(problem), refused.stderr);
      assert.doesNotMatch(stderr + refused.stderr, /planted|serverURL|allowInsecure/);
    }
  });

  test("says that another kind of service has no admin API, and does not print its response", async () => {
    const token = JSON.stringify({ access_token: "planted-token", token_type: "Bearer", expires_in: 600, scope: "" });
    for (const [status, type, body] of [
      [404, "text/html", "<html>planted</html>"],
      [200, "text/html", "<html>planted</html>"],
      [500, "application/problem+json", "{planted"],
    ] as const) {
      await using other = await listen(
        () => {},
        (path) =>
          path === "/oauth2/token" ? { status: 200, type: "application/json", body: token } : { status, type, body },
      );
      const refused = await at.carnet([...list, "--server-url", other.url]);
      assertRefused(
        refused,
        new RegExp(
          `^(carnet: The service answered with status 500\\. Trying again in .*\n)*carnet: Refused: the response \\(status ${status}\\) does not come from an admin API`,
        ),
      );
      assert.doesNotMatch(refused.stderr, /planted/);
    }
  });
});

test("only its owner can read the admin file", async () => {
  const { mode } = await stat(at.adminFile);
  assert.equal(mode & 0o777, 0o600);
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A service of another kind, which tells what it was sent. */
function listen(
  hear: (text: string) => void,
  answer: (path: string) => Answer = () => ({ status: 404, type: "text/plain", body: "" }),
) {
  return listening((request, response) => {
    hear(`${request.method} ${request.url}`);
    const { status, type, body } = answer(request.url ?? "");
    request.resume().on("end", () => response.writeHead(status, { "Content-Type": type }).end(body));
  });
}
