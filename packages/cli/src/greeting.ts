import { existsSync } from "node:fs";
import { paths } from "@carnet/protocol/endpoints";
import type { Redacted } from "@carnet/protocol/redacted";
import type { BootstrapAdmin } from "@carnet/server/bootstrap-admin";
import { quoted } from "@carnet/server/configuration/trusted-file";

export const demoClient = { client_id: "demo", client_name: "Demo client", scope: "file:read file:write" } as const;

export interface Greeting {
  readonly url: string;
  readonly storePath: string;
  /** Where the admin client's file is, or was. */
  readonly adminFile: string;
  /** The demo client's, on its first start. */
  readonly secret: Redacted<string> | undefined;
  /** The admin client, on its first start. */
  readonly admin: BootstrapAdmin | undefined;
}

/** What `carnet dev` says to whoever started it: where it is, who may ask, and what to paste next. Shows secrets once. */
export const greeting = (facts: Greeting): string =>
  [
    `Carnet is running at ${facts.url}\nDocs:    ${facts.url}${paths.docs}\n`,
    ...demoLines(facts),
    ...adminLines(facts),
    "\nStop it with Ctrl+C.\n",
  ].join("");

function demoLines({ url, storePath, adminFile, secret }: Greeting): readonly string[] {
  const curl = (value: string) =>
    `  curl -s ${url}${paths.token} -d grant_type=client_credentials -d client_id=${demoClient.client_id} -d client_secret=${value}\n`;
  if (secret !== undefined) {
    return [
      `Client:  ${demoClient.client_id}\nSecret:  ${secret.reveal()}   (shown this once)\n`,
      "\nGet a token:\n\n",
      curl(secret.reveal()),
    ];
  }
  return [
    `Client:  ${demoClient.client_id} (its secret was shown on the first start of ${storePath})\n`,
    "\nGet a token, with that secret in CARNET_CLIENT_SECRET:\n\n",
    curl('"$CARNET_CLIENT_SECRET"'),
    `\nLost it? Give it another one: npx carnet secret add ${demoClient.client_id}${adminFlag(adminFile)}\n`,
  ];
}

function adminLines({ adminFile: file, admin }: Greeting): readonly string[] {
  if (!existsSync(file)) return []; // taken away, as an operator may well
  const made =
    admin === undefined
      ? []
      : [`\nAdmin:   ${admin.clientId}\nSecret:  ${admin.clientSecret.reveal()}   (shown this once)\n`];
  return [
    ...made,
    `\nThe admin client's file ${file} lets the command line on this machine work by itself:\n\n`,
    `  npx carnet client list${adminFlag(file)}\n`,
  ];
}

/** Not needed where the commands look by themselves. */
const adminFlag = (file: string): string => (file === ".carnet/admin.json" ? "" : ` --admin-file ${quoted(file)}`);
