import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { addSecret } from "@carnet/core/admin/secrets";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import { SecretUses } from "@carnet/core/client/secret-uses";
import type { Clock } from "@carnet/core/ports";
import { Redacted } from "@carnet/protocol/redacted";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { OperatorFault } from "@carnet/server/fault";
import { type RunningServer, startServer } from "@carnet/server/main";
import { freePort } from "./free-port.ts";
import { type JournalRecord, readChains } from "./journal-chains.ts";

/** The real service on a loopback port with its own store. */
export interface TestService extends AsyncDisposable {
  readonly url: string;
  /** Every log line so far, as written. */
  readonly log: readonly string[];
  /** Every event in the journal, oldest first. */
  journal(): readonly JournalRecord[];
  readonly server: RunningServer;
  readonly folder: string;
  /** Registers a client, with an existing secret if there is a `client_secret`. Throws if refused. */
  register(registration: TestRegistration): Promise<{ readonly clientId: string; readonly clientSecret: string }>;
  /** Adds a generated secret to a client. Throws if refused. */
  addSecret(clientId: string): Promise<void>;
}

export type TestRegistration = Omit<ClientRegistration, "secret"> & {
  readonly client_secret?: string;
};

export interface TestServiceOptions {
  readonly clock?: Clock;
  /** Settings by their names in the configuration. The issuer is the service's own address unless it is set. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The environment variables of the service. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Discard the log of a test that makes very many requests. */
  readonly log?: "discard";
}

/** Starts the service. Dispose of it to stop it and remove its folder. */
export async function startTestService({
  clock,
  settings = {},
  environment = {},
  log: logging,
}: TestServiceOptions = {}): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-test-"));
  const log: string[] = [];
  const server = await startOnFreePort((port) => {
    const flags = {
      host: "127.0.0.1",
      port: String(port),
      issuer: `http://127.0.0.1:${port}`,
      dataDir: folder,
      logLevel: "debug",
      scopeCatalogue: "open",
      ...settings,
    };
    const configuration = loadConfiguration({ mode: "dev", flags, environment, file: undefined });
    const stream = new Writable({
      decodeStrings: false,
      write(lines, _encoding, done) {
        if (logging === undefined) log.push(...lines.split(/(?<=\n)/));
        done();
      },
    });
    return startServer(configuration, stream, clock === undefined ? {} : { clock });
  });
  return {
    url: server.url,
    log,
    journal: () => readChains(join(folder, "journal")).flatMap(({ records }) => records),
    server,
    folder,
    async register({ client_secret, ...registration }) {
      const secret = client_secret === undefined ? {} : { value: new Redacted(client_secret) };
      const registered = await registerClient({ ...registration, secret }, server.registry);
      if (!registered.ok) throw new Error(JSON.stringify(registered.error));
      const { client, generatedSecret } = registered.value;
      return { clientId: client.clientId, clientSecret: generatedSecret?.reveal() ?? client_secret ?? "" };
    },
    async addSecret(clientId) {
      const { registry } = server;
      const ports = { ...registry, uses: new SecretUses(registry.store), origin: cliOrigin("secret_added") };
      const added = await addSecret({ clientId, ifMatch: undefined }, {}, ports);
      if (!added.ok) throw new Error(JSON.stringify(added.error));
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Tries another port if the free one is taken before it is used. */
async function startOnFreePort(start: (port: number) => Promise<RunningServer>): Promise<RunningServer> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (tries === 5 || !(error instanceof OperatorFault && error.message.includes("is taken"))) throw error;
    }
  }
}
