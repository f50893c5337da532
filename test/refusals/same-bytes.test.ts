import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { newSecret } from "../support/secrets.ts";
import { replacePepper } from "./two-peppers.ts";

/** The whole answer to one request, byte for byte except for the time of day. */
async function bytesFor(service: TestService, path: string, { header = "", body }: { header?: string; body: string }) {
  const { port } = new URL(service.url);
  const socket = connect(Number(port), "127.0.0.1").setEncoding("latin1");
  let received = "";
  socket.on("data", (chunk: string) => {
    received += chunk;
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-ID: one-and-the-same\r\n${header}` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, "close");
  return received.replace(/^Date: .*$/m, "Date: now");
}

/** Whether the client tried to authenticate in the body. A Bearer does not authenticate a client. */
const inBody = ({ header = "Bearer", body }: { header?: string; body: string }): boolean =>
  header.includes("Bearer") && /client_(?:id|secret)=/.test(body);

/** Each endpoint reads its own and ignores the other. */
const parameters = "grant_type=client_credentials&token=x.y.z";
const encode = encodeURIComponent;
type Sent = { readonly clientId: string; readonly secret: string };
const transports = {
  "in the body": ({ clientId, secret }: Sent) => ({
    body: `${parameters}&client_id=${encode(clientId)}&client_secret=${encode(secret)}`,
  }),
  "in the body beside a Bearer": (sent: Sent) => ({
    header: "Authorization: Bearer x.y.z\r\n",
    body: transports["in the body"](sent).body,
  }),
  "by Basic": ({ clientId, secret }: Sent) => ({
    header: `Authorization: Basic ${btoa(`${encode(clientId)}:${encode(secret)}`)}\r\n`,
    body: parameters,
  }),
};

async function refusedCredentials(service: TestService, clock: FixedClock): Promise<Record<string, Sent>> {
  const register = async (registration: Parameters<TestService["register"]>[0]): Promise<Sent> => {
    const { clientId, clientSecret } = await service.register({ scope: "file:read", ...registration });
    return { clientId, secret: clientSecret };
  };
  const known = await register({ client_name: "a client", workspace: "a workspace", access_token_ttl: 60 });
  const other = await register({});
  const imported = await register({ client_secret: "an imported secret / of some length" });
  const disabled = await register({ status: "disabled" });
  const expired = await register({ expires_at: "2026-06-02" });
  const elsewhere = await register({ ip_allowlist: ["203.0.113.0/24", "2001:db8::/32"] });
  clock.set("2026-06-03T00:00:00Z");
  return {
    "an unknown client": { clientId: "nobody", secret: newSecret() },
    "a wrong secret": { ...known, secret: newSecret() },
    "a wrong secret for an imported one": { ...imported, secret: "another secret of some length!" },
    "a mistyped secret": { ...known, secret: known.secret.slice(0, -2) + (known.secret.endsWith("00") ? "11" : "00") },
    "another client's secret": { ...known, secret: other.secret },
    "a disabled client": disabled,
    "an expired client": expired,
    "a wrong address": elsewhere,
    "a client id that nobody can have": { clientId: "not an id: ", secret: "x" },
    ...mistakes(imported),
    ...mistakes({ clientId: "nobody", secret: newSecret() }),
  };
}

const wrongSecretOf = async (service: TestService): Promise<Sent> => ({
  clientId: (await service.register({ scope: "file:read" })).clientId,
  secret: newSecret(),
});

/** Mistakes that are found with one more look into the store, made with right or wrong credentials. */
const mistakes = ({ clientId, secret }: Sent): Record<string, Sent> => ({
  [`a secret of ${clientId} that was encoded twice`]: { clientId, secret: encode(secret) },
  [`a secret of ${clientId} with a line end`]: { clientId, secret: `${secret}\n` },
  [`a secret of ${clientId} in quotes`]: { clientId, secret: `"${secret}"` },
  [`the secret and the id of ${clientId} swapped`]: { clientId: secret, secret: clientId },
});

const incomplete: Readonly<Record<string, { header?: string; body: string }>> = {
  "no credentials": { body: parameters },
  "no secret": { body: `${parameters}&client_id=somebody` },
  "no client id": { body: `${parameters}&client_secret=something` },
  "Basic that is not base64": { header: "Authorization: Basic ???\r\n", body: parameters },
  "Basic without a colon": {
    header: `Authorization: Basic ${btoa("somebody")}\r\n`,
    body: parameters,
  },
  "Basic alone": { header: "Authorization: Basic\r\n", body: parameters },
  "another scheme": { header: 'Authorization: Digest username="x"\r\n', body: parameters },
  "a Bearer token alone": { header: "Authorization: Bearer x.y.z\r\n", body: parameters },
};

suite("every refused authentication is answered with the same bytes, and with a challenge unless it was in the body [RFC6749 §5.2]", () => {
  for (const [path, when] of [
    ...["/oauth2/token", "/iam/v1/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"].map((path) => [path, ""]),
    ["/oauth2/token", ", while secrets move to another pepper"],
  ] as const) {
    test(`under ${path}${when}`, async () => {
      const clock = new FixedClock("2026-06-01T00:00:00Z");
      await using service = await startTestService({ clock });
      const requests = { ...incomplete };
      const refused = await refusedCredentials(service, clock);
      if (when !== "") await replacePepper(service, clock);
      if (when !== "") refused["a wrong secret of a client under the new pepper"] = await wrongSecretOf(service);
      for (const [why, credentials] of Object.entries(refused)) {
        for (const [how, send] of Object.entries(transports)) requests[`${why}, ${how}`] = send(credentials);
      }
      const reference = await bytesFor(service, path, transports["in the body"]({ clientId: "nobody", secret: "x" }));
      assert.match(reference, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.doesNotMatch(reference, /www-authenticate/i);
      const challenged = await bytesFor(service, path, transports["by Basic"]({ clientId: "nobody", secret: "x" }));
      const challenge = 'WWW-Authenticate: Basic realm="carnet", charset="UTF-8"\r\n';
      assert.ok(challenged.includes(challenge));
      assert.equal(challenged.replace(challenge, ""), reference);
      for (const [name, request] of Object.entries(requests)) {
        for (const time of ["first", "second"]) {
          const expected = inBody(request) ? reference : challenged;
          assert.equal(await bytesFor(service, path, request), expected, `${name}, the ${time} time`);
        }
      }
      const reasons = service.journal().flatMap(({ event, reason }) => (event === "token_refused" ? [reason] : []));
      assert.deepEqual(
        [...new Set(reasons)].sort(),
        [
          ...["address_not_allowed", "basic_malformed", "bearer_instead_of_credentials", "client_disabled"],
          ...["client_expired", "credentials_encoded_twice", "credentials_padded", "id_and_secret_swapped"],
          ...["no_client_id", "no_client_secret", "no_credentials", "other_auth_scheme", "secret_mistyped"],
          "unknown_credentials",
        ],
        "the journal has the reason",
      );
    });
  }
});
