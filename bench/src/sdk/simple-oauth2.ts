import { type AccessToken, ClientCredentials } from "simple-oauth2";
import { versionOf } from "../contenders/package-contender.ts";
import { client } from "../work.ts";
import type { OpenLibrary } from "./library.ts";

/** It keeps no tokens, but its token knows whether it ends soon: this is what its documentation does with that. */
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
    use: "`getToken` behind a variable with the token, asked by `expired(60)`, since it keeps none; no fetch of its own",
    async token() {
      if (kept === undefined || kept.expired(60)) kept = await oauth.getToken({});
      return String(kept.token["access_token"]);
    },
    fetch: undefined,
  };
};
