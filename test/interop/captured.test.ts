import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { encodeFormPart } from "@carnet/protocol/form";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { tokenOf } from "../support/admin-api.ts";
import { assertReceived } from "../support/received-token.ts";

const folder = new URL("captured/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".http"));

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The values of the placeholders that `captured/README.md` explains. */
function placeholders({ clientId, clientSecret }: Credentials, host: string): Readonly<Record<string, string>> {
  const pair = (encode: (half: string) => string) => `${encode(clientId)}:${encode(clientSecret)}`;
  const percent = (half: string) =>
    Buffer.from(half)
      .toString("latin1")
      .replace(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`);
  return {
    host,
    client_id: clientId,
    client_secret: clientSecret,
    basic: Buffer.from(pair(String)).toString("base64"),
    "basic-latin1": Buffer.from(pair(String), "latin1").toString("base64"),
    "basic-form": btoa(pair(encodeFormPart)),
    "basic-percent": btoa(pair(percent)),
  };
}

/** Fills in the placeholders of a request, the lengths last. Each character is one byte. */
function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  const filled = Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), template);
  const [head = "", ...rest] = filled.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  const chunk = /^\{length-hex\}\r\n(.*)\r\n0\r\n\r\n$/s.exec(body)?.[1] ?? "";
  const request = `${head.replace("{length}", String(body.length))}\r\n\r\n${body.replace("{length-hex}", chunk.length.toString(16))}`;
  assert.doesNotMatch(request, /\{[a-z-]+\d?\}/, "a placeholder has no value");
  return request;
}

/** Sends bytes, and reads one whole answer after any 100 Continue. */
function send(url: string, bytes: string): Promise<{ status: number; head: string; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the connection was closed after ${received}`)));
    socket.setEncoding("latin1").on("data", (text: string) => {
      received = (received + text).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
      const [head = "", body] = received.split("\r\n\r\n", 2);
      if (body === undefined || body.length < Number(/^content-length: (\d+)/im.exec(head)?.[1])) return;
      resolve({ status: Number(head.split(" ")[1]), head, body });
      socket.destroy();
    });
  });
}

/** The statuses in the table of `captured/README.md`. */
const documented = new Map(
  [...readFileSync(new URL("README.md", folder), "utf8").matchAll(/^\| `([^`]+\.http)` \|.*\| (\d+) \|$/gm)].map(
    ([, name = "", status = ""]) => [name, Number(status)],
  ),
);

describe("the captured request", () => {
  let service: TestService;
  let clients: { readonly ascii: Credentials; readonly other: Credentials };
  before(async () => {
    service = await startTestService({ clock: new FixedClock("2026-11-21T12:00:00Z") });
    const scope = "file:read file:write";
    clients = {
      ascii: await service.register({ client_secret: "captured-secret-0123456789", scope }),
      other: await service.register({ client_secret: "geheim-schlüssel-für-den-test-é", scope }),
    };
  });
  after(() => service[Symbol.asyncDispose]());

  for (const file of files) {
    const refused = file.endsWith(".refused.http");
    it(`${file.replace(/(?:\.refused)?\.http$/, "")} is ${refused ? "refused with the documented status" : "answered with a token"}`, async () => {
      const client = file.includes("non-ascii") ? clients.other : clients.ascii;
      const template = readFileSync(new URL(file, folder), "latin1");
      const values = placeholders(client, new URL(service.url).host);
      const token = await tokenOf(service, client);
      const { status, head, body } = await send(service.url, fillIn(template, { ...values, token }));
      assert.equal(status, documented.get(file), body);
      if (refused) {
        assert.match(JSON.parse(body).error, /^(?:invalid_request|invalid_client|method_not_allowed)$/);
        // The client sends its credentials only after a challenge
        assert.equal(/^www-authenticate: basic /im.test(head), status === 401);
        return;
      }
      const scope = template.includes("scope=file") ? "file:read" : "file:read file:write";
      assertReceived(JSON.parse(body), { clientId: client.clientId, scope });
      const isEmpty = template.endsWith("\r\n\r\n") && template.includes("{token}");
      assert.equal(JSON.parse(body).access_token === token, isEmpty);
    });
  }

  it("is in the table, and every request of the table is here", () => {
    assert.deepEqual([...documented.keys()].sort(), [...files].sort());
    assert.ok(files.length > 50);
  });
});
