// Reads the secret again whenever the server refuses the current one, so a rotation needs no restart. Reads
// CARNET_SERVER_URL, CARNET_CLIENT_ID and CARNET_CLIENT_SECRET_FILE, else CARNET_CLIENT_SECRET.
import { readFile } from "node:fs/promises";
import { SDK } from "@carnet/sdk";

await using sdk = new SDK({
  security: async () => {
    const file = process.env["CARNET_CLIENT_SECRET_FILE"];
    const secret = file === undefined ? process.env["CARNET_CLIENT_SECRET"] : await readFile(file, "utf8");
    return { clientId: process.env["CARNET_CLIENT_ID"] ?? "", clientSecret: secret?.trim() ?? "" };
  },
});
const token = await sdk.token();
console.log(`granted: ${token.scopes.join(", ")}`);
