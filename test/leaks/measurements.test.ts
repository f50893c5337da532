import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startFakeCollector } from "@carnet/testkit/fake-collector";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { PlantedSecrets } from "./planted.ts";
import { exchange, httpRequest } from "./raw-request.ts";
import { places } from "./requests-with-secrets.ts";

const newSecret = () => randomBytes(24).toString("hex");

/** Gets a token and looks up its client and its secret, and plants all that must not be measured. */
async function useSecrets(service: TestService, planted: PlantedSecrets): Promise<void> {
  for (const [place, request] of Object.entries(places))
    await exchange(service.url, request(planted.text(place, newSecret())));
  const { clientId, clientSecret } = await service.register({ client_id: planted.text("a client", newSecret()) });
  planted.text("the generated secret", clientSecret.slice("carnet_".length)); // metrics begin so, too
  planted.text("the id of the secret", clientSecret.split("_")[1] ?? "");
  const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
  const answer = await exchange(service.url, httpRequest({ body }));
  planted.text("the token", /"access_token":"([^"]+)"/.exec(answer)?.[1]?.slice(-86) ?? "");
  const admin = service.server.bootstrapAdmin;
  assert.ok(admin);
  const credentials = `client_id=${admin.clientId}&client_secret=${admin.clientSecret.reveal()}`;
  const token = await exchange(service.url, httpRequest({ body: `grant_type=client_credentials&${credentials}` }));
  const headers = { Authorization: `Bearer ${/"access_token":"([^"]+)"/.exec(token)?.[1]}` };
  const found = await fetch(`${service.url}/admin/v1/clients/${clientId}`, { headers });
  assert.equal(found.status, 200);
}

test("shows no secret, token or id in a metric or a span, for any place in a request", async () => {
  await using collector = await startFakeCollector();
  const planted = new PlantedSecrets();
  const key = planted.text("the key of the collector", newSecret());
  const managementPort = await freePort();
  {
    await using service = await startTestService({
      settings: { managementPort: String(managementPort), logLevel: "trace" },
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: `api-key=${key}` },
    });
    await useSecrets(service, planted);
    for (const path of ["/metrics", "/health/ready", `/${newSecret()}`]) {
      const answer = await fetch(`http://127.0.0.1:${managementPort}${path}`);
      planted.assertAbsent(await answer.text(), path);
    }
    planted.assertAbsent(service.log.join("").replaceAll(/"clientId":"[^"]*"|"target":"[^"]*"/g, ""), "The log");
  }
  assert.ok(collector.spans().length > 30, "the collector has too few spans");
  assert.equal(collector.headers[0]?.["api-key"], key);
  planted.assertAbsent(collector.bodies.join(), "A span");
});
