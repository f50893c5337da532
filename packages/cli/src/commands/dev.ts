import { isSea } from "node:sea";
import type { Redacted } from "@carnet/protocol/redacted";
import { quoted } from "@carnet/protocol/shell-word";
import type { Registry } from "@carnet/server/main";
import type { Command } from "commander";
import { Failure } from "../failure.ts";
import { demoClient, greeting } from "../greeting.ts";
import { addServiceOptions, allSettings, configurationOf } from "../service-options.ts";
import { showOnce } from "../shown-once.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

const devSettings = allSettings.filter((name) => name !== "workers");

/** `carnet dev`: the service on this machine, with a demo client. */
export function addDevCommand(program: Command): void {
  const command = program.command("dev").description("Run the token service on this machine, with a demo client.");
  addServiceOptions(command, devSettings).action(async () => {
    const configuration = await configurationOf(command, "dev");
    const [{ startServer }, { logTo }] = await Promise.all([import("@carnet/server/main"), import("../log-output.ts")]);
    const { storeName } = await import("@carnet/server/configuration/setting-values");
    const start = (signal: AbortSignal) => startServer(configuration, logTo(2, configuration), { signal });
    const server = await stopOnSignal(start).starting;
    const secret = await registerDemoClient(server.registry);
    const { store, adminFile, journal, issuer } = configuration;
    const url = server.url.replace(/\/\/(0\.0\.0\.0|\[::]):/, "//localhost:"); // a wildcard is only for listening
    // Without an installed package, npx would run whatever the registry has under this name
    const ownCommand = isSea() ? quoted(process.execPath) : "npx carnet";
    const facts = { url, issuer, store: storeName(store), adminFile, journal, secret, admin: server.bootstrapAdmin };
    const text = greeting({ ...facts, command: ownCommand });
    if (secret === undefined) process.stdout.write(text);
    else
      showOnce(text, {
        done: "The demo client is registered",
        next: "start again, then add a new one with `carnet secret add demo`.",
      });
  });
}

/** Registers the demo client. Returns its secret, or undefined if an earlier start registered it. */
async function registerDemoClient(registry: Registry): Promise<Redacted<string> | undefined> {
  const { registerClient } = await import("@carnet/core/client/register-client");
  const registered = await registerClient(demoClient, registry);
  if (registered.ok) return registered.value.generatedSecret;
  if (registered.error.kind === "taken") return undefined;
  throw new Failure(`The demo client could not be registered: ${registered.error.detail}.`);
}
