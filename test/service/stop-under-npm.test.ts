// npm runs a shell that runs the service. However they end, the service must end in order.
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const root = join(import.meta.dirname, "../..");
const commands = { "npm start": ["npm", "start"], "npx carnet dev": ["npx", "carnet", "dev"] } as const;

/** How a terminal, a service manager or a user ends them. */
const ends: Readonly<Record<string, (npm: CarnetProcess) => void>> = {
  "SIGTERM to npm alone": (npm) => npm.kill("SIGTERM"),
  "Ctrl+C, twice": (npm) => {
    process.kill(-npm.pid, "SIGINT");
    process.kill(-npm.pid, "SIGINT");
  },
  "a closed terminal": (npm) => process.kill(-npm.pid, "SIGHUP"),
};

/** Waits until the service listens, on another port if this one is taken meanwhile. */
async function start(command: readonly [string, ...string[]], folder: string): Promise<CarnetProcess> {
  for (let tries = 1; ; tries++) {
    const env = { HOME: folder, CARNET_DATA_DIR: folder, CARNET_PORT: String(await freePort()) };
    const npm = new CarnetProcess([], { cwd: root, env, command });
    try {
      await npm.prints("stdout", /Stop it with Ctrl\+C\.\n/);
      return npm;
    } catch (error) {
      await npm[Symbol.asyncDispose]();
      if (tries === 5 || !npm.stderr.includes("is taken")) throw error;
    }
  }
}

for (const [name, command] of Object.entries(commands)) {
  suite(`the service of ${name}`, () => {
    for (const [how, end] of Object.entries(ends)) {
      test(`stops in order and leaves no process after ${how}`, async () => {
        await using folder = await temporaryFolder();
        await using npm = await start(command, folder.path);
        end(npm);
        // Its output closes only when every process that npm started has ended
        const { stderr } = await npm.finished();
        assert.match(stderr, /"event":"stopping"}\n.*"event":"stopped"}\n/);
      });
    }
  });
}
