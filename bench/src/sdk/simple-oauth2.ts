import { type AccessToken, ClientCredentials } from "simple-oauth2";
import { versionOf } from "../contenders/package-contender.ts";
import { client } from "../workload.ts";
import type { OpenLibrary } from "./library.ts";

/** It has no token cache, but its tokens know when they expire. This follows its documentation. */
export const openSimpleOauth2: OpenLibrary = async (server) => {
  const oauth = new ClientCredentials({
    client: { id: client.id, secret: client.secret },
    auth: { tokenHost: server, tokenPath: "/oauth2/token" },
    options: { authorizationMethod: "body" },
  });
  let kept: AccessToken | undefined;
  return {
    title: "simple-oauth2",
    version: versionOf("simple-oauth2"),
    use: "`getToken` with the token in a variable, checked with `expired(60)`, because it has no cache; has no fetch",
    async token() {
      if (kept === undefined || kept.expired(60)) kept = await oauth.getToken({});
      return String(kept.token["access_token"]);
    },
    fetch: undefined,
  };
};
