import assert from "node:assert/strict";
import type { TestService } from "@carnet/testkit/service";

/** Registers a client with the service and gets a token for it. */
export async function fetchToken(service: TestService, scope: string): Promise<{ clientId: string; token: string }> {
  const { clientId, clientSecret } = await service.register({ scope });
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const answer = await fetch(`${service.url}/oauth2/token`, { method: "POST", body });
  assert.equal(answer.status, 200);
  return { clientId, token: Object(await answer.json()).access_token };
}
