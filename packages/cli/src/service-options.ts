import type { Configuration } from "@carnet/server/configuration/load-configuration";
import { type Setting, type SettingName, settings } from "@carnet/server/configuration/settings";
import { type Command, Option } from "commander";

/** The flags of the service, made from the one table of settings. */
export function addServiceOptions(command: Command, names: readonly SettingName[]): Command {
  command.addOption(new Option("--config <path>", "A YAML or JSON file with settings.").env("CARNET_CONFIG"));
  for (const name of names) {
    const { flag, description, otherwise } = settings[name];
    if (flag !== undefined)
      command.addOption(new Option(flag, `${description} (default: ${otherwise.replaceAll("`", "")})`));
  }
  return command;
}

export const allSettings = Object.keys(settings) as SettingName[];

/** What it takes to open the store and to write the admin file. */
export const storeSettings = [
  "dataDir",
  "store",
  "storeTimeout",
  "masterKeyFile",
  "adminFile",
] as const satisfies readonly SettingName[];

/**
 * The configuration that the flags of a command, the environment and the file come to. Takes the secrets out of the
 * environment, for what shows it later: a diagnostic report on a lack of memory can, whatever it was told to leave out.
 */
export async function configurationOf(command: Command, mode: "dev" | "serve"): Promise<Configuration> {
  const { loadConfiguration } = await import("@carnet/server/configuration/load-configuration"); // takes its time to load
  const { config, ...given } = command.opts<Record<string, string | undefined>>();
  const flags = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(settings, name)));
  const environment = { ...process.env };
  for (const name of secretVariables) delete process.env[name];
  return loadConfiguration({ mode, flags, environment, file: config });
}

const secretVariables = [
  "CARNET_CLIENT_SECRET", // of `carnet token` and the commands of administration, which need no configuration
  "CARNET_ADMIN_CLIENT_SECRET",
  ...Object.values<Setting<unknown>>(settings).flatMap(({ secret, environment }) => (secret ? [environment] : [])),
];
