import * as oauth from "openid-client";
import { versionOf } from "../contenders/package-contender.ts";
import { client } from "../workload.ts";
import type { OpenLibrary } from "./library.ts";

/** It has no token cache, so this adds the few lines that its users write. */
export const openOpenidClient: OpenLibrary = async (server) => {
  const metadata = { issuer: server, token_endpoint: `${server}/oauth2/token` };
  const configuration = new oauth.Configuration(metadata, client.id, undefined, oauth.ClientSecretPost(client.secret));
  oauth.allowInsecureRequests(configuration);
  let kept: { readonly token: string; readonly ends: number } | undefined;
  const token = async (): Promise<string> => {
    if (kept !== undefined && Date.now() < kept.ends) return kept.token;
    const answer = await oauth.clientCredentialsGrant(configuration);
    kept = { token: answer.access_token, ends: Date.now() + ((answer.expiresIn() ?? 0) - 60) * 1000 };
    return kept.token;
  };
  return {
    title: "openid-client",
    version: versionOf("openid-client"),
    use: "`clientCredentialsGrant` with the token and its expiry in a variable, because it has no cache; `fetchProtectedResource`",
    token,
    fetch: async (url) => oauth.fetchProtectedResource(configuration, await token(), new URL(url), "GET"),
  };
};
