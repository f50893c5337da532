import assert from "node:assert/strict";
import net from "node:net";
import { PassThrough } from "node:stream";
import { mock, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { startServer } from "@carnet/server/main";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

for (const othersServe of [true, false]) {
  const when = othersServe ? "only after its store is open, because others serve" : "before its store is open";
  test(`a worker listens ${when}`, async () => {
    await using folder = await temporaryFolder();
    const flags = { dataDir: folder.path, masterKeyFile: "/nowhere/master.key", host: "127.0.0.1" };
    const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
    const listen = mock.method(net.Server.prototype, "listen", () => {
      throw new Error("it listens");
    });
    try {
      const starting = startServer(configuration, new PassThrough().resume(), {
        worker: { sockets: [4], othersServe },
      });
      await assert.rejects(starting, othersServe ? /master\.key/ : /it listens/);
      assert.equal(listen.mock.callCount(), othersServe ? 0 : 1);
    } finally {
      listen.mock.restore();
    }
  });
}
