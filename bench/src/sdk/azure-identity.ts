import { ClientSecretCredential } from "@azure/identity";
import { versionOf } from "../contenders/package-contender.ts";
import { client } from "../workload.ts";
import type { OpenLibrary } from "./library.ts";

/** It supports only Microsoft's service over TLS, so a custom transport redirects its requests to the local target. */
export const openAzureIdentity: OpenLibrary = async (server) => {
  const credential = new ClientSecretCredential("00000000-0000-0000-0000-000000000000", client.id, client.secret, {
    disableInstanceDiscovery: true,
    httpClient: {
      async sendRequest(request) {
        const { pathname } = new URL(request.url);
        const isToken = request.method === "POST";
        if (!isToken) return { request, status: 200, headers: request.headers, bodyAsText: discovery(request.url) };
        const answer = await fetch(server + pathname, { method: "POST", body: String(request.body) });
        return { request, status: answer.status, headers: request.headers, bodyAsText: await answer.text() };
      },
    },
  });
  return {
    title: "@azure/identity",
    version: versionOf("@azure/identity"),
    use: "`ClientSecretCredential.getToken` with a transport that sends token requests to the local target; has no fetch",
    token: async () => (await credential.getToken("https://api.bench.example/.default")).token,
    fetch: undefined,
  };
};

function discovery(url: string): string {
  const base = url.slice(0, url.indexOf("/.well-known"));
  return JSON.stringify({
    issuer: base,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base.replace(/\/v2.0$/, "")}/oauth2/v2.0/token`,
    jwks_uri: `${base}/keys`,
  });
}
