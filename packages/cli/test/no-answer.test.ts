import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";
import { listening } from "./support/listening.ts";

let at: AdminService;
before(async () => {
  at = await startAdminService();
});
after(() => at[Symbol.asyncDispose]());

const list = ["client", "list"];
const disable = ["client", "disable", "x", "--yes"];

suite("a command that gets no answer", () => {
  test("says what to do if the address has https, and the service plain HTTP", async () => {
    const url = at.service.url.replace("http:", "https:");
    assertRefused(
      await at.carnet([...list, "--server-url", url]),
      /Cannot connect to \S+ \(ERR_SSL_WRONG_VERSION_NUMBER\)\.\nWhat answers there does not speak TLS\. .*from --server-url\)\.\n$/,
    );
  });

  test("says what to do if the address has http, and the service may have a certificate", async () => {
    await using server = await hangUp();
    assertRefused(
      await at.carnet([...list, "--server-url", server.url]),
      /No complete response from .*\nIf the service has a TLS certificate, its address must start with https:\/\/ \(this one comes from --server-url\)\.\n$/,
    );
  });

  test("says that a change may have been made only if the answer to a change was lost", async () => {
    const token = JSON.stringify({ access_token: "x", token_type: "Bearer", expires_in: 600, scope: "" });
    await using withTokens = await hangUp({ "/oauth2/token": token });
    await using silent = await hangUp();
    assertRefused(await at.carnet([...disable, "--server-url", withTokens.url]), /may or may not have been made\./);
    for (const args of [
      [...list, "--server-url", withTokens.url],
      [...disable, "--server-url", silent.url],
    ]) {
      const { code, stderr } = await at.carnet(args);
      assert.deepEqual([code, /may or may not/.test(stderr)], [1, false], stderr);
    }
  });
});

/** A server that answers the given paths, and ends the connection of every other request. */
function hangUp(answers: Readonly<Record<string, string>> = {}) {
  return listening((request, response) => {
    const answer = answers[request.url ?? ""];
    if (answer === undefined) request.socket.destroy();
    else response.writeHead(200, { "Content-Type": "application/json" }).end(answer);
  });
}
