import { existsSync } from "node:fs";
import { paths } from "@carnet/protocol/endpoints";
import type { Redacted } from "@carnet/protocol/redacted";
import { quoted } from "@carnet/protocol/shell-word";
import type { BootstrapAdmin } from "@carnet/server/bootstrap-admin";

export const demoClient = { client_id: "demo", client_name: "Demo client", scope: "file:read file:write" } as const;

export interface Greeting {
  readonly url: string;
  readonly issuer: string;
  readonly store: string;
  /** The path of the admin file, which may have been removed. */
  readonly adminFile: string;
  /** The folder of the journal, or `stdout`. */
  readonly journal: string;
  /** The demo client's secret, on the first start. */
  readonly secret: Redacted<string> | undefined;
  /** The admin client, on the first start. */
  readonly admin: BootstrapAdmin | undefined;
  /** How the user runs `carnet`. */
  readonly command: string;
}

/** The text that `carnet dev` prints: the address, the credentials (once), and commands to try. */
export const greeting = (facts: Greeting): string =>
  [
    `Carnet is running at ${facts.url}\nDocs:    ${facts.url}${paths.docs}\n`,
    ...(facts.issuer === facts.url ? [] : [`Issuer:  ${facts.issuer}\n`]),
    ...demoLines(facts),
    ...adminLines(facts),
    ...journalLines(facts),
    "\nStop it with Ctrl+C.\n",
  ].join("");

function demoLines({ url, store, adminFile, secret, command }: Greeting): readonly string[] {
  const curl = (value: string) =>
    `  curl -s ${url}${paths.token} -d grant_type=client_credentials -d client_id=${demoClient.client_id} -d client_secret=${value}\n`;
  if (secret !== undefined) {
    return [`Client:  ${demoClient.client_id}\n${secretLines(secret)}`, "\nGet a token:\n\n", curl(secret.reveal())];
  }
  return [
    `Client:  ${demoClient.client_id} (its secret was shown when ${store} was created)\n`,
    "\nGet a token, with that secret in CARNET_CLIENT_SECRET:\n\n",
    curl('"$CARNET_CLIENT_SECRET"'),
    `\nLost the secret? Add a new one: ${command} secret add ${demoClient.client_id}${adminFlag(adminFile)}\n`,
  ];
}

/** The secret has a line of its own, so that a terminal of 80 columns shows it in one piece. */
const secretLines = (secret: Redacted<string>): string => `Secret, shown only once:\n  ${secret.reveal()}\n`;

function adminLines({ adminFile: file, admin, command }: Greeting): readonly string[] {
  if (!existsSync(file)) return []; // The operator may have removed it.
  const made = admin === undefined ? [] : [`\nAdmin:   ${admin.clientId}\n${secretLines(admin.clientSecret)}`];
  return [
    ...made,
    `\nOn this machine, commands use the admin credentials in ${file}:\n\n`,
    `  ${command} client list${adminFlag(file)}\n`,
  ];
}

function journalLines({ journal, adminFile, command }: Greeting): readonly string[] {
  if (journal === "stdout") return []; // the events are among the log lines
  const follow = existsSync(adminFile) ? `:\n\n  ${command} audit tail --follow${adminFlag(adminFile)}\n` : ".\n";
  return [`\nEvery token request and change is recorded in ${journal}${follow}`];
}

/** The commands find the file at its default path by themselves. */
const adminFlag = (file: string): string => (file === ".carnet/admin.json" ? "" : ` --admin-file ${quoted(file)}`);
