// Calls an API. The SDK fetches, caches and renews the token. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and
// CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";

await using sdk = new SDK();
const responses = await Promise.all(
  ["/openapi.json", "/health/live"].map((path) => sdk.fetch(path, { timeoutMs: 5_000 })),
);
for (const response of responses) console.log(response.status, await response.json());
