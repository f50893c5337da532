import { once } from "node:events";
import { connect } from "node:net";

/**
 * Sends bytes to a service and returns everything that it sends back. Half-closes the connection after `patience`
 * milliseconds, because the service waits for the rest of a truncated body.
 */
export async function exchange(url: string, bytes: string | Uint8Array, patience = 5000): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  let received = "";
  socket.on("data", (chunk: string) => {
    received += chunk;
  });
  socket.on("error", () => {}); // the service may close the connection early. Only its response counts
  await once(socket, "connect");
  socket.write(bytes);
  const noMore = setTimeout(() => socket.end(), patience);
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(noMore);
  return received;
}

/** Formats an HTTP/1.1 request without checking or escaping anything. */
export function httpRequest({
  method = "POST",
  target = "/oauth2/token",
  headers = {},
  body = "",
}: {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}): string {
  const all = {
    Host: "localhost",
    Connection: "close",
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
