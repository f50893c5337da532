// Handles errors: every error has a code, and none contains a secret. Reads CARNET_SERVER_URL and CARNET_CLIENT_ID. The
// secret is wrong on purpose.
import { CarnetError, IamError, SDK } from "@carnet/sdk";

const security = { clientId: process.env["CARNET_CLIENT_ID"] ?? "demo", clientSecret: "not the secret" };
await using sdk = new SDK({ security, retryConfig: { maxRetries: 1 } });
try {
  await sdk.token();
} catch (error) {
  if (error instanceof IamError) console.log(`refused: ${error.error}; quote ${error.requestId} to the operator`);
  else if (error instanceof CarnetError) console.log(`${error.code}: ${error.message}`);
  else throw error;
}
