import assert from "node:assert/strict";
import type { FixedClock } from "@carnet/testkit/fixed-clock";
import type { TestService } from "@carnet/testkit/service";
import { AdminApi } from "../support/admin-api.ts";
import { newSecret } from "../support/secrets.ts";

/** Begins a rotation of the pepper, and has the service know and use both from now on. */
export async function replacePepper(service: TestService, clock: FixedClock): Promise<void> {
  const api = await AdminApi.of(service);
  await api.expect(201, "POST", "/peppers", { body: { deadline_in: 86_400 } });
  clock.advance(61_000);
  // The first refusal after half a minute without news reads the peppers
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "x", client_secret: newSecret() });
  await fetch(`${service.url}/oauth2/token`, { method: "POST", body });
  assert.equal(service.server.registry.hasher.digests("x", "y").length, 2);
}
