import { sendBytes } from "./raw-http.ts";

/** Who asks for a token. */
interface Caller {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Asks for a token for each caller, all at once over one connection, and gives the raw answers in this order. */
export async function askInCrowd(url: string, callers: readonly Caller[]): Promise<readonly string[]> {
  const requests = callers.map((caller, index) => tokenRequest(caller, index + 1 === callers.length));
  return (await sendBytes(url, requests.join(""))).split(/(?=HTTP\/1\.1 )/);
}

function tokenRequest({ clientId, clientSecret }: Caller, isLast: boolean): string {
  const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
  return [
    "POST /oauth2/token HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
    `Connection: ${isLast ? "close" : "keep-alive"}`,
    "",
    body,
  ].join("\r\n");
}
