// The SDK as functions that return results instead of throwing. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and
// CARNET_CLIENT_SECRET.
import { iamTokenRequest, SDKCore } from "@carnet/sdk/funcs";

const core = new SDKCore();
const outcome = await iamTokenRequest(core, {}, { timeoutMs: 5_000 });
if (outcome.ok) console.log(`granted: ${outcome.value.scope}`);
else console.log(`refused: ${outcome.error.code}: ${outcome.error.message}`);
