import { existsSync } from "node:fs";
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
  if (!existsSync(path)) {
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
