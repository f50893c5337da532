import { networkInterfaces } from "node:os";
import { isLoopbackHost } from "@carnet/protocol/loopback";
import { InvalidArgumentError } from "commander";

/** What is wrong with the address of a service, as a phrase after its name. Undefined if secrets may be sent there. */
export function addressProblem(text: string, own = ownAddresses()): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return "must be a URL that starts with http:// or https://, such as http://localhost:8080";
  if (url.username !== "" || url.password !== "") return "must not contain a user or a password";
  if (url.protocol === "https:" || isThisMachine(url.hostname, own)) return undefined;
  return "must start with https://, because http:// would show the secret to the network (it is accepted for this machine: localhost, 127.0.0.1, [::1] and the addresses of its network interfaces)";
}

/** Whether a host is this machine, by its name or address. What is sent to it does not leave the machine. */
export const isThisMachine = (hostname: string, own = ownAddresses()): boolean =>
  isLoopbackHost(hostname) || hostname.endsWith(".localhost") || own.includes(hostname.replace(/^\[|\]$/g, ""));

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));

/** The SDK's options for an address without a problem. The SDK itself knows only loopback as this machine. */
export const serverOptions = (serverURL: string) => ({
  serverURL,
  allowInsecureHTTP: /^http:/i.test(serverURL),
});

/** Parses the flag `--server-url`. */
export function serverAddress(text: string): string {
  const problem = addressProblem(text);
  if (problem !== undefined) throw new InvalidArgumentError(`It ${problem}.`);
  return text;
}
