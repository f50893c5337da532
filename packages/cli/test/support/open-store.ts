import { join } from "node:path";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { openRegistry, type Registry } from "@carnet/server/main";

/** The store that `carnet` uses in a folder, opened in this process. */
export const openStore = (folder: string): Promise<Registry> =>
  openRegistry(
    loadConfiguration({
      mode: "dev",
      flags: { store: `sqlite:${join(folder, ".carnet/carnet.db")}` },
      environment: {},
      file: undefined,
    }),
  );
