import { err, ok, type Result } from "@carnet/protocol/result";
import ipaddr from "ipaddr.js";

/** An IP address. Only `parseAddress` makes one. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A block of IP addresses. */
export interface Cidr {
  /** The shortest form, such as `2001:db8::/32`. */
  readonly text: string;
  readonly base: Address;
  readonly bits: number;
  contains(address: Address): boolean;
}

/** Parses the address of a peer; an IPv4-mapped IPv6 address becomes IPv4. Undefined if malformed. */
export function parseAddress(text: string): Address | undefined {
  const known = recent.get(text);
  if (known !== undefined) return known;
  const address = isAddress(text) ? ipaddr.process(text) : undefined;
  if (address === undefined) return undefined;
  if (recent.size === maxRecent) recent.clear();
  recent.set(text, address);
  return address;
}

/** Callers use the same few addresses again and again, and parsing one takes as long as finding the client. */
const recent = new Map<string, Address>();
const maxRecent = 1000;

/** The network of an address, to count callers by: the /24 of IPv4, the /48 of IPv6. Undefined if malformed. */
export function addressBlock(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  if (address instanceof ipaddr.IPv4) return `${address.octets.slice(0, 3).join(".")}.0/24`;
  return `${new ipaddr.IPv6([...address.parts.slice(0, 3), 0, 0, 0, 0, 0]).toString()}/48`;
}

/** Parses an IPv4 or IPv6 CIDR block; a single address is a block of one. */
export function parseCidr(text: string): Result<Cidr, string> {
  const known = recentBlocks.get(text);
  if (known !== undefined) return ok(known);
  const block = readCidr(text);
  if (!block.ok) return block;
  if (recentBlocks.size === maxRecent) recentBlocks.clear();
  recentBlocks.set(text, block.value);
  return block;
}

/** The clients of an owner often have the same blocks, and parsing a hundred takes milliseconds. */
const recentBlocks = new Map<string, Cidr>();

function readCidr(text: string): Result<Cidr, string> {
  const parts = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text);
  const address = parts?.[1] ?? "";
  if (!isAddress(address)) return err(problem);
  const base = ipaddr.parse(address);
  const width = base.kind() === "ipv4" ? 32 : 128;
  const bits = Number(parts?.[2] ?? width);
  if (bits > width) return err(problem);
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress())
    return err(`${problem}; write a mapped IPv4 block as IPv4`);
  return ok({
    text: `${base.toString()}/${bits}`,
    base,
    bits,
    contains(candidate) {
      if (candidate instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && candidate.match(base, bits);
      return base instanceof ipaddr.IPv6 && candidate.match(base, bits);
    },
  });
}

/** Whether every address of one block is in another. */
export const isInside = (inner: Cidr, outer: Cidr): boolean => outer.contains(inner.base) && inner.bits >= outer.bits;

const problem = "an address block is written like 203.0.113.0/24, 2001:db8::/32 or 203.0.113.7";

// The library also accepts 10.1 and 0x7f.1, which nobody expects in an allow list
const isAddress = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
