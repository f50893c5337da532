import { SDK } from "@carnet/sdk";
import { client } from "../workload.ts";
import type { OpenLibrary } from "./library.ts";

export const openCarnet: OpenLibrary = async (serverURL) => {
  const sdk = new SDK({ security: { clientId: client.id, clientSecret: client.secret }, serverURL });
  return {
    title: "@carnet/sdk",
    version: "this checkout",
    use: "`sdk.token()`, `sdk.fetch(path)`",
    token: async () => (await sdk.token()).accessToken,
    fetch: (url) => sdk.fetch(url),
  };
};
