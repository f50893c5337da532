import { type Cidr, parseCidr } from "@carnet/core/client/cidr";
import type { ProvenSecret, TokenClient, TokenSecret } from "@carnet/core/client/token-client";
import type { ClientId, RevocationHandle, SecretId } from "@carnet/protocol/ids";
import { ByteReader, ByteWriter } from "./bytes.ts";

/**
 * Packs a secret with its client into about a hundred bytes. Settings that many clients share, such as scopes and
 * policies, are stored once and referred to by number. Equal input gives equal bytes.
 */
export class SecretCodec {
  readonly #numbers = new Map<string, number>();
  readonly #settings: Settings[] = [];
  readonly #writer = new ByteWriter();
  readonly #reader = new ByteReader();

  /** The bytes, valid until the next call; undefined if they would be too long. */
  encode(digest: Uint8Array, { client, secret }: ProvenSecret): Uint8Array | undefined {
    const writer = this.#writer.begin();
    writer.bytes(digest, digestLength);
    writer.text(client.clientId);
    this.#writeSettings(client);
    writer.text(client.handle);
    writer.textOrNull(client.workspace);
    writer.numberOrNull(client.expiresAt);
    writer.text(secret.secretId);
    writer.text(secret.handle);
    writer.numberOrNull(secret.notBefore);
    writer.numberOrNull(secret.expiresAt);
    writer.numberOrNull(secret.revokedAt);
    writer.numberOrNull(secret.idle?.since ?? null);
    if (secret.idle !== null) {
      writer.numberOrNull(secret.idle.after);
      writer.numberOrNull(secret.lastUse?.at ?? null);
    }
    return writer.end();
  }

  hasDigest(digest: Uint8Array, bytes: Buffer, start: number): boolean {
    return bytes.compare(digest, 0, digestLength, start, start + digestLength) === 0;
  }

  /** A digest is as good as random, so its first bytes serve as its hash. */
  digestHash(bytes: Uint8Array, start = 0): number {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(start, start + 4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  clientId(bytes: Buffer, start: number): ClientId {
    return this.#reader.begin(bytes, start + digestLength).text() as ClientId;
  }

  decode(bytes: Buffer, start: number): ProvenSecret {
    const reader = this.#reader.begin(bytes, start + digestLength);
    const clientId = reader.text() as ClientId;
    const settings = this.#readSettings(reader);
    const handle = reader.text() as RevocationHandle;
    const workspace = reader.textOrNull();
    const expiresAt = reader.numberOrNull();
    return { client: { clientId, handle, workspace, expiresAt, ...settings }, secret: readSecret(reader) };
  }

  #writeSettings(client: TokenClient): void {
    const { scopes, scopePolicy, status, ipAllowlist, tokenEndpointAuthMethod, accessTokenTtl, audience } = client;
    const settings = { scopes, scopePolicy, status, tokenEndpointAuthMethod, accessTokenTtl, audience };
    const text = JSON.stringify({ ...settings, ipAllowlist: ipAllowlist.map((block) => block.text) });
    const known = this.#numbers.get(text);
    const isShared = this.#settings.length < maxSettings && text.length < maxSharedLength;
    const number = known ?? (isShared ? this.#settings.length : inline);
    if (known === undefined && number !== inline) {
      this.#numbers.set(text, number);
      this.#settings.push({ ...settings, ipAllowlist });
    }
    this.#writer.longCount(number);
    if (number === inline) this.#writer.text(text);
  }

  #readSettings(reader: ByteReader): Settings {
    const number = reader.longCount();
    const settings = number === inline ? parseSettings(reader.text()) : this.#settings[number];
    if (settings === undefined) throw new RangeError("no settings with this number");
    return settings;
  }
}

type Settings = Omit<TokenClient, "clientId" | "handle" | "workspace" | "expiresAt">;

/** Half of HMAC-SHA-256 still has 128 bits of strength (RFC 2104 §5), and a million secrets take 16 MB less. */
const digestLength = 16;

/** The most shared settings. Further clients have their own beside them. */
const maxSettings = 4096;
const inline = 0xffff;

/** Longer settings, in characters, are hardly shared, and shared ones are never evicted. */
const maxSharedLength = 1000;

function parseSettings(text: string): Settings {
  const { ipAllowlist, ...settings } = JSON.parse(text);
  return { ...settings, ipAllowlist: ipAllowlist.map(parseBlock) };
}

function parseBlock(text: string): Cidr {
  const block = parseCidr(text);
  if (!block.ok) throw new RangeError("an address block was packed wrongly");
  return block.value;
}

function readSecret(reader: ByteReader): TokenSecret {
  const secretId = reader.text() as SecretId;
  const handle = reader.text() as RevocationHandle;
  const notBefore = reader.numberOrNull();
  const expiresAt = reader.numberOrNull();
  const revokedAt = reader.numberOrNull();
  const since = reader.numberOrNull();
  if (since === null) return { secretId, handle, notBefore, expiresAt, idle: null, revokedAt, lastUse: null };
  const idle = { since, after: reader.numberOrNull() ?? 0 };
  const usedAt = reader.numberOrNull();
  return { secretId, handle, notBefore, expiresAt, idle, revokedAt, lastUse: usedAt === null ? null : { at: usedAt } };
}
