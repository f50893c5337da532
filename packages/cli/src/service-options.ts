import { type Configuration, loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { type SettingName, settings } from "@carnet/server/configuration/settings";
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

/** What is needed to open the store. */
export const storeSettings = ["store", "storeTimeout", "masterKeyFile"] as const satisfies readonly SettingName[];

/** The configuration that the flags of a command, the environment and the file come to. */
export function configurationOf(command: Command, mode: "dev" | "serve"): Configuration {
  const { config, ...flags } = command.opts<Record<string, string | undefined>>();
  return loadConfiguration({ mode, flags, environment: process.env, file: config });
}
