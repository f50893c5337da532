// Gets a token and prints its scope and lifetime. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";

await using sdk = new SDK();
const token = await sdk.iam.tokenRequest();
console.log(`A ${token.tokenType} token for ${token.scope}, valid for ${token.expiresIn} seconds.`);
