import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { paths } from "@carnet/protocol/endpoints";
import { buildApp } from "@carnet/server/http/app";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { noKeys } from "@carnet/testkit/no-keys";
import { sendBytes } from "@carnet/testkit/raw-http";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { AdminApi, type AdminCall, tokenOf } from "./admin-api.ts";
import { answerTo, serviceIn } from "./answer-to.ts";
import { type SampleRequest, sampleRequests } from "./openapi-requests.ts";

/** What a caller sees of a refusal: the status, and the `error` or the kind of the problem. */
export type Seen = `${number} ${string}`;

const seen = (status: number, body: unknown): Seen => {
  const { error, type = "" }: { error?: string; type?: string } = Object(body);
  return `${status} ${error ?? type.replace("urn:carnet:problem:", "")}`;
};

/** The refusals of the token endpoint, from the requests that also check the OpenAPI document. */
export const ofToken = sampleRequests
  .filter(({ method, expected }) => method === "POST" && expected >= 400)
  .map(provoke);

/** The refusals of the revocation feed. */
export const ofFeed = sampleRequests
  .filter(({ path, expected }) => path === paths.revocations && expected >= 400)
  .map(provoke);

function provoke(sample: SampleRequest): () => Promise<Seen> {
  return async () => {
    await using service = await serviceIn(sample.state);
    const { status, body } = await answerTo(sample, service);
    return seen(status, body);
  };
}

/** Sends bytes to a service, and reads the response. */
async function onTheWire(bytes: string): Promise<Seen> {
  await using service = await startTestService();
  return seenIn(await sendBytes(service.url, bytes));
}

const seenIn = (answer: string): Seen =>
  seen(Number(answer.split(" ")[1]), JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))));

/** An application whose keys cannot be read. Listens on a free port. */
async function listening() {
  const endpoint = new TestEndpoint();
  const keys = {
    ...noKeys,
    get published(): never {
      throw new Error("there are no keys");
    },
  };
  const app = buildApp(httpPortsOf(endpoint, { keys }));
  return { app, url: await app.listen({ port: 0, host: "127.0.0.1" }), [Symbol.asyncDispose]: () => app.close() };
}

/** Refusals on any path. */
export const ofAnyPath: readonly (() => Promise<Seen>)[] = [
  () => onTheWire("no HTTP\r\n\r\n"),
  () => onTheWire("GET /docs/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  () => onTheWire("GET /docs HTTP/1.1\r\nConnection: close\r\n\r\n"),
  () => onTheWire("GET /docs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
  () => onTheWire("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  () => onTheWire("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  () => onTheWire("PROPFIND /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  () => onTheWire("GET /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  () => onTheWire(`GET /docs HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(17_000)}\r\n\r\n`),
  () => onTheWire(`GET /${"x".repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  async () => {
    await using service = await listening();
    return seenIn(await sendBytes(service.url, "GET /oauth2/jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  },
  // As Node reports a request that takes longer than `requestTimeout`, which it checks every five seconds
  async () => {
    await using service = await listening();
    const server: Server = service.app.server;
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const answer = sendBytes(service.url, "GET /docs HTTP/1.1\r\n");
    const [socket] = await accepted;
    server.emit("clientError", Object.assign(new Error("slow"), { code: "ERR_HTTP_REQUEST_TIMEOUT" }), socket);
    return seenIn(await answer);
  },
];

interface AdminWorld {
  readonly api: AdminApi;
  readonly service: TestService;
  readonly cleanup: DisposableStack;
  fail(): void;
}

type Act = (world: AdminWorld) => Promise<readonly [method: string, path: string, call?: AdminCall]>;

/** Brings the service into a state, and sends the request that is then refused. */
const admin = (act: Act) => async (): Promise<Seen> => {
  let broken = false;
  const clock = { now: () => (broken ? raise() : Date.now()) };
  await using service = await startTestService({ clock, settings: { storeTimeout: "50" } });
  using cleanup = new DisposableStack();
  const api = await AdminApi.of(service);
  const [method, path, call] = await act({ api, service, cleanup, fail: () => (broken = true) });
  const { status, body } = await api.call(method, path, call);
  broken = false; // stopping the service needs the clock
  return seen(status, body);
};

function raise(): never {
  throw new Error("the clock has stopped");
}

const create = (client_id: string, key?: string): [string, string, AdminCall] => [
  "POST",
  "/clients",
  { body: { client_id }, ...(key === undefined ? {} : { headers: { "idempotency-key": key } }) },
];

/** The refusals of the admin API. */
export const ofAdmin: readonly (() => Promise<Seen>)[] = [
  admin(async () => ["POST", "/clients", { raw: "{" }]),
  admin(async () => ["GET", "/clients", { token: null }]),
  admin(async ({ service }) => {
    const reader = await service.register({ role: "admin", scope: "carnet:clients:read" });
    return ["POST", "/clients", { body: {}, token: await tokenOf(service, reader) }];
  }),
  admin(async ({ service }) => {
    const auditor = await service.register({ role: "auditor" });
    return ["POST", "/clients", { body: {}, token: await tokenOf(service, auditor) }];
  }),
  admin(async ({ api }) => {
    await api.expect(201, "POST", "/owners", { body: { name: "payments" } });
    return ["POST", "/clients", { body: { owner: "payments", username: "user" } }];
  }),
  admin(async () => ["DELETE", "/clients/carnet-admin"]),
  admin(async () => ["GET", "/clients/nobody"]),
  async () => {
    await using service = await startTestService();
    const response = await fetch(`${service.url}/admin/v1/clients`, { method: "PUT" });
    return seen(response.status, await response.json());
  },
  admin(async ({ api }) => {
    await api.call(...create("a"));
    return create("a");
  }),
  admin(async ({ api }) => {
    await api.expect(201, "POST", "/clients", { body: { scope: "file:read" } });
    return ["DELETE", "/scopes/file:read"];
  }),
  admin(async ({ api }) => {
    await api.expect(200, "POST", "/keys/rotate", { body: {} });
    return ["POST", "/keys/rotate", { body: {} }];
  }),
  admin(async ({ api }) => {
    await api.expect(201, "POST", "/peppers", { body: { deadline_in: 7_776_000 } });
    return ["POST", "/peppers", { body: { deadline_in: 7_776_000 } }];
  }),
  async () => {
    await using service = await startTestService({ settings: { journal: "stdout" } });
    const { status, body } = await (await AdminApi.of(service)).call("GET", "/audit/export");
    return seen(status, body);
  },
  admin(async ({ api }) => {
    await api.call(...create("a"));
    for (let secrets = 1; secrets < 10; secrets++) await api.expect(201, "POST", "/clients/a/secrets", { body: {} });
    return ["POST", "/clients/a/secrets", { body: {} }];
  }),
  admin(async ({ api, service }) => {
    await api.call(...create("a", "key"));
    using store = new DatabaseSync(join(service.folder, "carnet.db"));
    store.exec("update kept_answers set sealed = x'00'"); // the first answer cannot be read, so nothing can be replayed
    return create("a", "key");
  }),
  admin(async ({ api }) => {
    await api.call(...create("a"));
    return ["DELETE", "/clients/a", { headers: { "if-match": '"other"' } }];
  }),
  admin(async () => ["POST", "/clients", { raw: new Uint8Array(4 * 1024 * 1024 + 1) }]),
  admin(async () => ["POST", "/clients", { raw: "{}", headers: { "content-type": "text/plain" } }]),
  admin(async () => ["GET", "/clients?limit=0"]),
  admin(async ({ api }) => {
    await api.call(...create("a", "key"));
    return create("b", "key");
  }),
  admin(async ({ fail }) => {
    fail();
    return ["GET", "/clients"];
  }),
  admin(async ({ service, cleanup }) => {
    cleanup.use(new DatabaseSync(join(service.folder, "carnet.db"))).exec("begin immediate");
    return create("a");
  }),
];
