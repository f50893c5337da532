import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { packageContender } from "../contenders/package-contender.ts";
import { startContender } from "../processes/running-contender.ts";
import { libraries } from "../sdk/all.ts";
import type { LibraryResult } from "../sdk/tasks.ts";
import { scope } from "../workload.ts";
import type { Mode } from "./mode.ts";

/** The service that the libraries call. */
const target = packageContender({
  name: "sdk-target",
  title: "SDK target",
  settings: "bare `node:http`",
  packages: [],
  shape: { path: "/oauth2/token", scope, parameters: {} },
  required: true,
});

export const sdk: Mode<readonly LibraryResult[]> = {
  name: "sdk",
  about: "client libraries",
  estimate: (scale) => Object.keys(libraries).length * (scale.sdkSlice * 4.5 + 3),
  async measure({ scale, progress }) {
    progress.part("SDKs");
    await using service = await startContender(target);
    const results: LibraryResult[] = [];
    for (const name of Object.keys(libraries)) {
      results.push(await measureLibrary(name, service.port, scale));
      progress.step(scale.sdkSlice * 4.5 + 3, name);
    }
    return results;
  },
};

/** Measures a library in its own process. */
async function measureLibrary(
  name: string,
  port: number,
  { sdkSlice, sdkCallers }: { readonly sdkSlice: number; readonly sdkCallers: number },
): Promise<LibraryResult> {
  const args = [name, `http://127.0.0.1:${port}`, String(sdkSlice), String(sdkCallers)];
  const child = fork(fileURLToPath(new URL("../sdk/tasks.ts", import.meta.url)), args);
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code} before it sent a result`);
  });
  const result: LibraryResult = await Promise.race([once(child, "message").then(([message]) => message), failed]);
  failed.catch(() => {}); // The process ends normally after its result.
  return result;
}
