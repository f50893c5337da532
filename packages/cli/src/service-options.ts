import type { Configuration } from "@carnet/server/configuration/load-configuration";
import type { Setting } from "@carnet/server/configuration/setting";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
import { secretTracingVariables } from "@carnet/server/configuration/tracing-settings";
import { type Command, Option } from "commander";

/** Adds the service's flags, generated from the table of settings. */
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

/** The settings needed to open the store, to write the admin file and to record that. */
export const storeSettings: readonly SettingName[] = [
  "dataDir",
  "store",
  "storePasswordFile",
  "storeTimeout",
  "masterKeyFile",
  "masterKeyCommand",
  "adminFile",
  "node",
  "journal",
];

/**
 * Returns the environment, and deletes the secrets from that of the process, because a diagnostic report after running out
 * of memory prints it even with `excludeEnv`.
 */
export function takeEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  for (const name of secretVariables) delete process.env[name];
  if (/:[^/@]*@/.test(environment["CARNET_STORE"] ?? "")) delete process.env["CARNET_STORE"]; // has a password
  return environment;
}

/** Loads the configuration from flags, environment and file. */
export async function configurationOf(
  command: Command,
  mode: "dev" | "serve",
  environment = takeEnvironment(),
): Promise<Configuration> {
  const { InvalidFlag, loadConfiguration } = await import("@carnet/server/configuration/load-configuration"); // Slow to load.
  const { config, ...given } = command.opts<Record<string, string | undefined>>();
  const flags = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(settings, name)));
  try {
    return loadConfiguration({ mode, flags, environment, file: config });
  } catch (error) {
    if (error instanceof InvalidFlag) command.error(`error: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}

const secretVariables = [
  "CARNET_CLIENT_SECRET", // For `carnet token`; the service does not need it.
  "CARNET_ADMIN_CLIENT_SECRET",
  "CARNET_NEW_MASTER_KEY", // For `carnet master-key rotate`.
  ...secretTracingVariables,
  ...Object.values<Setting<unknown>>(settings).flatMap(({ secret, environment }) => (secret ? [environment] : [])),
];
