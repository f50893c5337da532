// Gets a token and says what it is good for. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";

await using sdk = new SDK();
const token = await sdk.iam.tokenRequest();
console.log(`A ${token.tokenType} token for ${token.scope}, good for ${token.expiresIn} seconds.`);
