import { statSync } from "node:fs";
import { openRegistry, type Registry } from "@carnet/server/main";
import type { Command } from "commander";
import { Failure } from "./failure.ts";
import { configurationOf } from "./service-options.ts";

/** Acts on a store that is there. Looking at one does not make one. */
export async function withExistingRegistry(
  command: Command,
  act: (registry: Registry) => Promise<void>,
): Promise<void> {
  const configuration = configurationOf(command, "dev");
  const { path } = configuration.store;
  if (isMissing(path)) {
    throw new Failure(
      `There is no store at ${path}: \`carnet dev\` or \`carnet client create\` makes one, and --store names another.`,
    );
  }
  const registry = await openRegistry(configuration);
  try {
    await act(registry);
  } finally {
    await registry.close();
  }
}

/** Whether nothing is there. What cannot be looked at may well be there, and opening it says what is in the way. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
