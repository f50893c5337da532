// Calls an API with a token that is fetched, kept and renewed without being asked for. Reads CARNET_SERVER_URL,
// CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";

await using sdk = new SDK();
const answers = await Promise.all(
  ["/openapi.json", "/health/live"].map((path) => sdk.fetch(path, { timeoutMs: 5_000 })),
);
for (const answer of answers) console.log(answer.status, await answer.json());
