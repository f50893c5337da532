import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { starting } from "@carnet/server/http/health-routes";
import { listenForManagement } from "@carnet/server/management/management-server";

test("makes one answer for all probes of readiness that wait at the same time", async () => {
  let asked = 0;
  const { promise: probe, resolve } = Promise.withResolvers<ReturnType<typeof starting>>();
  const readiness = () => {
    if (++asked === 1) setImmediate(resolve, starting(null)); // by then, all requests of the chunk have arrived
    return probe;
  };
  const log = { debug() {}, info() {}, warn() {}, fault() {} };
  const server = await listenForManagement({ host: "127.0.0.1", port: 0 }, { log, readiness, metrics: async () => "" });
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
  let answers = "";
  for await (const chunk of socket.setEncoding("latin1")) {
    answers += chunk;
    if (answers.split("HTTP/1.1 503").length === 21) break;
  }
  await server.close();
  assert.equal(asked, 1);
});
