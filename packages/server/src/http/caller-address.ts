import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ownCopy } from "@carnet/core/own-copy";
import proxyAddress from "@fastify/proxy-addr";

/** Whether an address is one of the operator's proxies. */
export type ProxyTrust = (address: string) => boolean;

/** Trusts the proxies in these address blocks. */
export function createProxyTrust(trustedProxies: readonly string[]): ProxyTrust {
  if (trustedProxies.length === 0) return () => false;
  const trusts = proxyAddress.compile([...trustedProxies]);
  return (address) => isIP(address) !== 0 && trusts(address, 0);
}

/** The address of the caller, or "unknown". Believes `X-Forwarded-For` only from trusted proxies. */
export function callerAddress(request: IncomingMessage, isTrusted: ProxyTrust): string {
  const peer = request.socket.remoteAddress ?? unknown;
  if (!isTrusted(peer)) return peer;
  const address = proxyAddress(request, isTrusted);
  // A proxy passes on anything, so this keeps it out of logs and allow lists; a zone index is local to another machine
  return isIP(address) === 0 || address.includes("%") ? unknown : ownCopy(address);
}

const unknown = "unknown";
