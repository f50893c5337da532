/** The two paths of the token operation. */
export const paths = ["/oauth2/token", "/iam/v1/oauth2/token"] as const;

/** The first request of the Python SDK when it is called without arguments. */
export const formPost = ({ clientId, clientSecret }: Credentials, path: string): string => {
  const form = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
  return (
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\nX-Version: 2026-01-01\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`
  );
};

/** The second one, with the token that it just got, and with changes for a test. */
export const emptyPost = (authorization: readonly string[], path: string, changes: Changes = {}): string => {
  const { version = "2026-01-01", length = "Content-Length: 0\r\n", extra = "", body = "" } = changes;
  return (
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\nX-Version: ${version}\r\n` +
    `X-Request-ID: the-same\r\n${authorization.map((value) => `Authorization: ${value}\r\n`).join("")}${extra}${length}\r\n${body}`
  );
};

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Changes {
  readonly version?: string;
  readonly length?: string;
  readonly extra?: string;
  readonly body?: string;
}
