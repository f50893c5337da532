import * as oauth from "openid-client";
import { versionOf } from "../contenders/package-contender.ts";
import { client } from "../work.ts";
import type { OpenLibrary } from "./library.ts";

/** It keeps no tokens: this is the few lines that its users write around it. */
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
    use: "`clientCredentialsGrant` behind a variable with the token and its end, since it keeps none; `fetchProtectedResource`",
    token,
    fetch: async (url) => oauth.fetchProtectedResource(configuration, await token(), new URL(url), "GET"),
  };
};
