import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddress from "@fastify/proxy-addr";

/** Tells from which address a request comes, or "unknown". */
export type AddressReader = (request: IncomingMessage) => string;

/** Believes what a request says of its way (`X-Forwarded-For`) only as far as the proxies in these blocks vouch for it. */
export function createAddressReader(trustedProxies: readonly string[]): AddressReader {
  if (trustedProxies.length === 0) return ({ socket }) => socket.remoteAddress ?? unknown;
  const trusted = proxyAddress.compile([...trustedProxies]);
  return (request) => {
    const address = proxyAddress(request, trusted);
    // What a proxy passed on may be anything, and is kept from log and allow lists; a zone means nothing over here
    return isIP(address) === 0 || address.includes("%") ? unknown : address;
  };
}

const unknown = "unknown";
