import { createPublicKey, type JsonWebKeyInput } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SigningKeyChange } from "@carnet/protocol/admin/keys";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { codeOf } from "@carnet/server/fault";
import { type Command, Option } from "commander";
import { confirmTarget } from "../admin/confirm-target.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { Failure } from "../failure.ts";
import { describeNew, describeRetired, describeRevoked, formatKeys } from "../key-facts.ts";
import { wrapped } from "../wrap.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** `carnet key …`: the keys that sign tokens. */
export function addKeyCommand(program: Command): void {
  const key = program.command("key").description("Manage the keys that sign tokens.");
  addListCommand(key);
  addRotateCommand(key);
  addRetireCommand(key);
  addRevokeCommand(key);
  addImportCommand(key);
  addExportPublicCommand(key);
}

const algorithmOption = (description: string): Option =>
  new Option("--algorithm <name>", description).choices(signingAlgorithmNames);

function addListCommand(key: Command): void {
  const command = key.command("list").description("List the keys with their states.").option("--json", "Print JSON");
  addConnectionOptions(command).action(({ json }: JsonOption) =>
    withAdminApi(command, async (api) => {
      const keys = await api.listKeys();
      process.stdout.write(json ? `${JSON.stringify({ keys }, null, 2)}\n` : formatKeys(keys));
    }),
  );
}

function addRotateCommand(key: Command): void {
  const command = key
    .command("rotate")
    .description(
      "Make a key that replaces the active one. It is published at once, and signs once verifiers know it. Tokens of the old key stay valid.",
    )
    .addOption(algorithmOption("The algorithm of the key (default: that of CARNET_SIGNING_ALGORITHM)"))
    .option("--now", "Sign with the upcoming or a new key at once; verifiers that do not know it refuse its tokens")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(
    ({ algorithm, now, json }: JsonOption & { readonly algorithm?: string; readonly now?: boolean }) =>
      withAdminApi(
        command,
        async (api) => {
          const rotation = { ...(algorithm !== undefined && { algorithm }), ...(now && { now }) };
          print(await api.rotateKey(rotation), (change) => describeNew(change, "Rotated to the key"), json);
        },
        { algorithm: "--algorithm", now: "--now" },
      ),
  );
}

function addRetireCommand(key: Command): void {
  const command = key
    .command("retire")
    .description("Take a key out of use. It stays published until its tokens have expired.")
    .argument("<kid>")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((kid: string, { json }: JsonOption) =>
    withAdminApi(command, async (api) => print(await api.retireKey(kid), describeRetired, json)),
  );
}

function addRevokeCommand(key: Command): void {
  const command = key
    .command("revoke")
    .description(
      "Void a key that has leaked, and every token that it signed. Another key signs at once. Callers need new tokens.",
    )
    .argument("<kid>")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((kid: string, options: JsonOption & { readonly yes?: boolean }) =>
    withAdminApi(command, async (api) => {
      const question = `Revoke the key ${kid}? Every token that it signed becomes void, and callers are refused until they request a new one.`;
      await confirmTarget(question, options, () => api.showKey(kid));
      print(await api.revokeKey(kid), describeRevoked, options.json);
    }),
  );
}

function addImportCommand(key: Command): void {
  const command = key
    .command("import")
    .description("Import a private key that was made elsewhere, as PEM or JWK. It signs once verifiers know it.")
    .requiredOption("-f, --file <path>", "The file with the private key, or - for standard input")
    .addOption(algorithmOption("The algorithm of the key (default: the alg of the JWK, or the first that fits)"))
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(
    ({ file, algorithm, json }: JsonOption & { readonly file: string; readonly algorithm?: string }) =>
      withAdminApi(
        command,
        async (api) => {
          const imported = { private_key: readPrivateKey(file), ...(algorithm !== undefined && { algorithm }) };
          print(await api.importKey(imported), (change) => describeNew(change, "Imported the key"), json);
        },
        { private_key: "--file", algorithm: "--algorithm" },
      ),
  );
}

/** The service judges the content. A longer file is no key, and the service would refuse the body. */
function readPrivateKey(file: string): string {
  const text = readText(file);
  if (text.length <= 16_384) return text;
  throw new Failure("The file is too large for a private key: the limit is 16 KiB.");
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Failure(`The file with the private key cannot be read${codeOf(error)}. Check the path after --file.`);
  }
}

function addExportPublicCommand(key: Command): void {
  const command = key
    .command("export-public")
    .description("Print the public part of a key, for verifiers that cannot fetch JWKS.")
    .argument("<kid>")
    .addOption(new Option("--pem", "As PEM, which is the default").conflicts("jwk"))
    .option("--jwk", "As a JWK")
    .option("--json", "As a JWK, too");
  addConnectionOptions(command).action((kid: string, options: JsonOption & { readonly jwk?: boolean }) =>
    withAdminApi(command, async (api) => {
      const { public_jwk: jwk } = await api.showKey(kid);
      process.stdout.write(options.jwk || options.json ? `${JSON.stringify(jwk, null, 2)}\n` : pemOf(jwk));
    }),
  );
}

const pemOf = (jwk: Readonly<Record<string, string>>): string =>
  createPublicKey({ key: jwk, format: "jwk" } as JsonWebKeyInput)
    .export({ type: "spki", format: "pem" })
    .toString();

/** Prints what a change has done, and what verifiers and callers may see. */
function print<Change extends SigningKeyChange>(
  change: Change,
  describe: (change: Change) => string,
  json: boolean | undefined,
): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(change, null, 2)}\n`);
    return;
  }
  const lines = [describe(change), ...change.warnings.map((warning) => `Warning: ${warning}.`)];
  process.stderr.write(wrapped(`${lines.join("\n")}\n`, process.stderr));
}
