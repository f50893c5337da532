import { sendBytes } from "./raw-http.ts";

interface Caller {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Requests a token for each caller, all at once over pipelined connections. Returns the raw answers in this order. */
export async function askInCrowd(url: string, callers: readonly Caller[]): Promise<readonly string[]> {
  const batches = Array.from({ length: Math.ceil(callers.length / pipelined) }, (_, index) =>
    callers.slice(index * pipelined, (index + 1) * pipelined),
  );
  const answers = await Promise.all(
    batches.map((batch) => {
      const requests = batch.map((caller, index) => tokenRequest(caller, index + 1 === batch.length));
      return sendBytes(url, requests.join(""));
    }),
  );
  return answers.flatMap((batch) => batch.split(/(?=HTTP\/1\.1 )/));
}

/** The service's limit on unanswered requests on one connection. */
const pipelined = 64;

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
