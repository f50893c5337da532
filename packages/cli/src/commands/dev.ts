import { registerClient } from "@carnet/core/client/register-client";
import { paths } from "@carnet/protocol/endpoints";
import type { Redacted } from "@carnet/protocol/redacted";
import { type Registry, startServer } from "@carnet/server/main";
import type { Command } from "commander";
import { Failure, fail } from "../failure.ts";
import { logTo } from "../log-output.ts";
import { addServiceOptions, allSettings, configurationOf } from "../service-options.ts";
import { stopOnSignal } from "../stop-on-signal.ts";

const demoClient = { client_id: "demo", client_name: "Demo client", scope: "file:read file:write" } as const;

/** `carnet dev`: the service on this machine, with a client to try it with. */
export function addDevCommand(program: Command): void {
  const command = program.command("dev").description("Run the token service on this machine, with a demo client.");
  addServiceOptions(command, allSettings).action(async () => {
    const configuration = configurationOf(command, "dev");
    const server = await startServer(configuration, logTo(2));
    stopOnSignal(server);
    const secret = await registerDemoClient(server.registry);
    process.stdout.write(greeting(server.url, configuration.store.path, secret), (error) => {
      // Nobody has the demo client's secret then, and the next start would say that it was shown
      if (error && secret !== undefined) process.exit(fail(new Failure(lostSecret(error))));
    });
  });
}

const lostSecret = (error: NodeJS.ErrnoException): string =>
  `The demo client's secret could not be written to standard output (${error.code ?? error.name}), so nobody has it: remove the store, or register another client with \`carnet client create\`.`;

/** The demo client's secret if it was registered just now: afterwards nobody knows it. */
async function registerDemoClient(registry: Registry): Promise<Redacted<string> | undefined> {
  const registered = await registerClient(demoClient, registry);
  if (registered.ok) return registered.value.generatedSecret;
  if (registered.error.kind === "taken") return undefined; // there since an earlier start
  throw new Failure(`The demo client could not be registered: ${registered.error.detail}.`);
}

function greeting(url: string, store: string, secret: Redacted<string> | undefined): string {
  const curl = (value: string) =>
    `  curl -s ${url}${paths.token} -d grant_type=client_credentials -d client_id=${demoClient.client_id} -d client_secret=${value}\n`;
  const credentials =
    secret === undefined
      ? [
          `Client:  ${demoClient.client_id} (its secret was shown on the first start of ${store})\n`,
          "\nGet a token, with that secret in CARNET_CLIENT_SECRET:\n\n",
          curl('"$CARNET_CLIENT_SECRET"'),
          "\nLost it? Register another client: npx carnet client create --scope file:read\n",
        ]
      : [
          `Client:  ${demoClient.client_id}\nSecret:  ${secret.reveal()}   (shown this once)\n`,
          "\nGet a token:\n\n",
          curl(secret.reveal()),
        ];
  return [
    `Carnet is running at ${url}\nDocs:    ${url}${paths.docs}\n`,
    ...credentials,
    "\nStop it with Ctrl+C.\n",
  ].join("");
}
