import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, type ProcessOptions, runCarnet } from "@carnet/testkit/carnet-process";
import { startTestService, type TestService, type TestServiceOptions } from "@carnet/testkit/service";
import { runCommand } from "./command-runner.ts";

/** The real service, and the command line with its admin file, as its operator uses it. */
export interface AdminService extends AsyncDisposable {
  readonly service: TestService;
  readonly adminFile: string;
  /** The content of the admin file. */
  readonly admin: { readonly server_url: string; readonly client_id: string; readonly client_secret: string };
  /** Runs a command in its own folder and checks that it never prints the admin's secret. */
  carnet(args: readonly string[], options?: ProcessOptions & { readonly terminal?: boolean }): Promise<Finished>;
  /** Runs a command that must succeed, with nothing but notices on standard error, and parses its output as JSON. */
  json(args: readonly string[], options?: ProcessOptions): Promise<unknown>;
}

export async function startAdminService(options?: TestServiceOptions): Promise<AdminService> {
  const service = await startTestService(options);
  const adminFile = join(service.folder, "admin.json");
  const admin: AdminService["admin"] = JSON.parse(readFileSync(adminFile, "utf8"));
  const carnet: AdminService["carnet"] = async (args, { env, cwd = service.folder, input, terminal = false } = {}) => {
    const settings = { cwd, env: { CARNET_ADMIN_FILE: adminFile, ...env } };
    const finished = await (input === undefined
      ? runCommand(args, { ...settings, terminal })
      : runCarnet(args, { ...settings, input }));
    const written = finished.stdout + finished.stderr;
    assert.ok(!written.includes(admin.client_secret), `carnet ${args.join(" ")} shows the admin's secret`);
    assert.doesNotMatch(written, /\beyJ/, `carnet ${args.join(" ")} shows a token`);
    return finished;
  };
  return {
    service,
    adminFile,
    admin,
    carnet,
    async json(args, given) {
      const { code, stdout, stderr } = await carnet([...args, "--json"], given);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^(\{"notice":.*\}\n)*$/, args.join(" "));
      return JSON.parse(stdout);
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** Matches a generated secret anywhere in a text. */
export const generatedSecret = /carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}/;

/** Checks a failed command: a plain message, exit code 1, nothing on standard output, and no secret. */
export function assertRefused({ code, stdout, stderr }: Finished, said: RegExp): void {
  assert.match(stderr, said);
  assert.match(stderr, /^carnet: .*[^ ]\n$/s);
  assert.doesNotMatch(stderr, /\n +at |is a bug in carnet|undefined|\[object/);
  assert.doesNotMatch(stderr, generatedSecret);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, stderr);
}
