import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes an `nginx` into a folder, for machines without it. It understands the `upstream`, `listen` and `pid` of the guide
 * and sends a request to the next server when one does not answer or answers 503.
 */
export const writeNginxStandIn = (folder: string): void =>
  writeFileSync(join(folder, "nginx"), standIn, { mode: 0o755 });

const standIn = `#!/usr/bin/env node
const { spawn } = require("child_process");
const { createServer, request } = require("http");
const { readFileSync, writeFileSync } = require("fs");
if (process.env.NGINX_STAND_IN === undefined) {
  const child = spawn(process.execPath, process.argv.slice(1), {
    ...{ detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"], env: { ...process.env, NGINX_STAND_IN: "1" } },
  });
  child.once("message", () => process.exit(0)).once("exit", () => process.exit(1));
} else {
  const conf = readFileSync(process.argv[process.argv.indexOf("-c") + 1], "utf8");
  const [, host, port] = /listen ([\\d.]+):(\\d+)/.exec(conf);
  const servers = [...conf.matchAll(/^ *server ([\\d.]+):(\\d+)/gm)].map(([, host, port]) => ({ host, port }));
  let turn = 0;
  createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const send = (tries) => {
      const { url: path, method, headers } = incoming;
      const again = () => (tries > 1 ? send(tries - 1) : outgoing.writeHead(502).end());
      const sent = request({ ...servers[turn++ % servers.length], path, method, headers }, (answer) => {
        if (answer.statusCode === 503 && tries > 1) return void answer.resume(), again();
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
      sent.on("error", again).end(body);
    };
    send(servers.length);
  }).listen(Number(port), host, () => {
    writeFileSync("nginx.pid", String(process.pid));
    process.send("listening", () => process.disconnect());
  });
}
`;
