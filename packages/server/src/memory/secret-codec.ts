import { type Cidr, parseCidr } from "@carnet/core/client/cidr";
import type { ProvenSecret, TokenClient, TokenSecret } from "@carnet/core/client/token-client";
import type { ClientId, RevocationHandle, SecretId } from "@carnet/protocol/ids";
import { hasClaims, noClaims } from "@carnet/protocol/static-claims";

/**
 * Packs a secret with its client into about a hundred bytes: the start of its digest, a byte for its generation, and its
 * fields as text between separators. Settings that many clients share, such as scopes and policies, are stored once and referred to by number.
 * Equal input gives equal bytes.
 */
export class SecretCodec {
  readonly #numbers = new Map<string, number>();
  readonly #settings: Settings[] = [];

  /** Returns undefined if the bytes would be too long, or if a field contains the separator. */
  encode(digest: Uint8Array, { client, secret }: ProvenSecret, generation: number): Buffer | undefined {
    const { idle } = secret;
    const fields = [
      client.clientId,
      this.#settingsField(client),
      client.handle,
      client.workspace ?? "",
      numberField(client.expiresAt),
      secret.secretId,
      secret.handle,
      numberField(secret.notBefore),
      numberField(secret.expiresAt),
      numberField(secret.revokedAt),
      hasClaims(client.claims) ? JSON.stringify(client.claims) : "",
      ...(idle === null ? [] : [idle.since, idle.after, secret.lastUse?.at ?? null].map(numberField)),
    ];
    const text = fields.join(separator);
    if (text.split(separator).length !== fields.length || !text.isWellFormed()) return undefined;
    const packed = Buffer.concat([digest.subarray(0, digestLength), Buffer.of(generation), Buffer.from(text)]);
    return packed.length > maxLength ? undefined : packed;
  }

  decode(bytes: Buffer, start: number, end: number): ProvenSecret {
    const fields = bytes.toString("utf8", start + headLength, end).split(separator);
    return {
      client: {
        ...this.#readSettings(fields[1] ?? ""), // first, because V8 copies an object faster than it extends one
        clientId: fields[0] as ClientId,
        handle: fields[2] as RevocationHandle,
        workspace: fields[3] || null,
        expiresAt: readNumber(fields[4]),
        claims: fields[10] ? JSON.parse(fields[10]) : noClaims, // hardly shared, so not among the settings
      },
      secret: readSecret(fields),
    };
  }

  hasDigest(digest: Uint8Array, bytes: Buffer, start: number): boolean {
    return bytes.compare(digest, 0, digestLength, start, start + digestLength) === 0;
  }

  /** The generation that an entry was encoded with. */
  generation(bytes: Buffer, start: number): number {
    return bytes.readUInt8(start + digestLength);
  }

  /** Digests are uniformly distributed, so the first bytes serve as a hash. */
  digestHash(bytes: Uint8Array, start = 0): number {
    const byte = (at: number): number => bytes[start + at] ?? 0; // a view of the four bytes would be a new object
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
  }

  clientId(bytes: Buffer, start: number): ClientId {
    const from = start + headLength;
    return bytes.toString("latin1", from, bytes.indexOf(separator, from)) as ClientId;
  }

  /** The number of shared settings, or the settings themselves as JSON. */
  #settingsField(client: TokenClient): string {
    const { scopes, scopePolicy, status, ipAllowlist, tokenEndpointAuthMethod, accessTokenTtl, audience } = client;
    const settings = { scopes, scopePolicy, status, tokenEndpointAuthMethod, accessTokenTtl, audience };
    const text = JSON.stringify({ ...settings, ipAllowlist: ipAllowlist.map((block) => block.text) });
    const known = this.#numbers.get(text);
    if (known !== undefined) return numberField(known);
    if (this.#settings.length === maxSettings || text.length >= maxSharedLength) return text;
    this.#numbers.set(text, this.#settings.length);
    return numberField(this.#settings.push({ ...settings, ipAllowlist }) - 1);
  }

  #readSettings(field: string): Settings {
    if (field.startsWith("{")) return parseSettings(field);
    const settings = this.#settings[readNumber(field) ?? -1];
    if (settings === undefined) throw new RangeError("no settings with this number");
    return settings;
  }
}

type Settings = Omit<TokenClient, "clientId" | "handle" | "workspace" | "expiresAt" | "claims">;

/** No field can contain this character: control characters are refused everywhere, and JSON escapes them. */
const separator = "\0";

/** Half of HMAC-SHA-256 still has 128 bits of strength (RFC 2104 §5), and a million secrets take 16 MB less. */
const digestLength = 16;

/** The digest and the generation. */
const headLength = digestLength + 1;

/** In bytes. */
const maxLength = 65_000;

/** The maximum number of shared settings. Clients beyond it store their own. */
const maxSettings = 4096;

/** Longer settings, in characters, are hardly shared, and shared ones are never evicted. */
const maxSharedLength = 1000;

const numberField = (number: number | null): string => number?.toString(36) ?? "";

const readNumber = (field: string | undefined): number | null => (field ? Number.parseInt(field, 36) : null);

function parseSettings(text: string): Settings {
  const { ipAllowlist, ...settings } = JSON.parse(text);
  return { ...settings, ipAllowlist: ipAllowlist.map(parseBlock) };
}

function parseBlock(text: string): Cidr {
  const block = parseCidr(text);
  if (!block.ok) throw new RangeError("an address block is malformed");
  return block.value;
}

function readSecret(fields: readonly string[]): TokenSecret {
  const since = readNumber(fields[11]);
  const usedAt = readNumber(fields[13]);
  return {
    secretId: fields[5] as SecretId,
    handle: fields[6] as RevocationHandle,
    notBefore: readNumber(fields[7]),
    expiresAt: readNumber(fields[8]),
    revokedAt: readNumber(fields[9]),
    idle: since === null ? null : { since, after: readNumber(fields[12]) ?? 0 },
    lastUse: usedAt === null ? null : { at: usedAt },
  };
}
