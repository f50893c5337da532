import { secretKinds } from "@carnet/core/client/client-secret";
import type { TokenClient, TokenSecret } from "@carnet/core/client/token-client";
import { type Cidr, parseCidr } from "@carnet/protocol/cidr";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { ByteReader, ByteWriter } from "./bytes.ts";

/**
 * Writes clients as about a hundred bytes each, and makes out of these again all that a token asks for. Equal clients
 * have equal bytes. The settings that many clients have alike, such as scopes and policies, are kept once and named by a
 * number.
 */
export class ClientCodec {
  readonly #numbers = new Map<string, number>();
  readonly #settings: Settings[] = [];
  readonly #texts = new WeakMap<readonly (string | Cidr)[], string>();
  readonly #writer = new ByteWriter();
  readonly #reader = new ByteReader();

  /** The bytes, good until the next call; undefined where the client is too large. */
  encode(client: TokenClient): Uint8Array | undefined {
    const writer = this.#writer.begin();
    writer.text(client.clientId);
    this.#writeSettings(client);
    writer.textOrNull(client.workspace);
    writer.numberOrNull(client.expiresAt);
    writer.numberOrNull(client.createdAt);
    writer.count(client.secrets.length);
    for (const secret of client.secrets) {
      writer.text(secret.secretId);
      writer.count(secretKinds.indexOf(secret.kind));
      writer.bytes(secret.digest);
      writer.bytes(secret.salt);
      writer.numberOrNull(secret.notBefore);
      writer.numberOrNull(secret.expiresAt);
      writer.numberOrNull(secret.revokedAt);
      writer.numberOrNull(secret.idle?.since ?? null);
      if (secret.idle === null) continue;
      writer.numberOrNull(secret.idle.after);
      writer.numberOrNull(secret.lastUse?.at ?? null);
    }
    return writer.end();
  }

  /** Whether the bytes are those of this client. */
  isOf(clientId: ClientId, bytes: Buffer, start: number): boolean {
    return this.#reader.begin(bytes, start).isText(clientId);
  }

  decode(bytes: Buffer, start: number): TokenClient {
    const reader = this.#reader.begin(bytes, start);
    const clientId = reader.text() as ClientId;
    const settings = this.#readSettings(reader);
    const workspace = reader.textOrNull();
    const expiresAt = reader.numberOrNull();
    const createdAt = reader.numberOrNull() ?? 0;
    const secrets: TokenSecret[] = [];
    for (let left = reader.count(); left > 0; left--) secrets.push(readSecret(reader));
    return {
      clientId,
      workspace,
      scopes: settings.scopes,
      scopePolicy: settings.scopePolicy,
      status: settings.status,
      expiresAt,
      ipAllowlist: settings.ipAllowlist,
      tokenEndpointAuthMethod: settings.tokenEndpointAuthMethod,
      accessTokenTtl: settings.accessTokenTtl,
      audience: settings.audience,
      createdAt,
      secrets,
    };
  }

  #writeSettings({ scopes, scopePolicy, status, ipAllowlist, ...client }: TokenClient): void {
    const { tokenEndpointAuthMethod, accessTokenTtl, audience } = client;
    const settings = { scopes, scopePolicy, status, tokenEndpointAuthMethod, accessTokenTtl, audience };
    const texts = { scopes: this.#textOf(scopes), ipAllowlist: this.#textOf(ipAllowlist) };
    const text = JSON.stringify({ ...settings, ...texts });
    const known = this.#numbers.get(text);
    const isShared = this.#settings.length < mostSettings && text.length < longestShared;
    const number = known ?? (isShared ? this.#settings.length : inline);
    if (known === undefined && number !== inline) {
      this.#numbers.set(text, number);
      this.#settings.push({ ...settings, ipAllowlist });
    }
    this.#writer.longCount(number);
    if (number === inline) this.#writer.text(text);
  }

  /** Lists come from the store as the same ones over and over, and a long one must not take longer than a short one. */
  #textOf(list: readonly (string | Cidr)[]): string {
    const known = this.#texts.get(list);
    if (known !== undefined) return known;
    const text = list.map((item) => (typeof item === "string" ? item : item.text)).join(" ");
    this.#texts.set(list, text);
    return text;
  }

  #readSettings(reader: ByteReader): Settings {
    const number = reader.longCount();
    const settings = number === inline ? parseSettings(reader.text()) : this.#settings[number];
    if (settings === undefined) throw new RangeError("there are no settings of this number");
    return settings;
  }
}

type Settings = Omit<TokenClient, "clientId" | "workspace" | "expiresAt" | "createdAt" | "secrets">;

/** How many different settings are kept once. Beyond them, each client has its own beside it. */
const mostSettings = 4096;
const inline = 0xffff;

/** In characters. What is longer is hardly the same for many, and would never be forgotten. */
const longestShared = 1000;

function parseSettings(text: string): Settings {
  const { scopes, ipAllowlist, ...settings } = JSON.parse(text);
  return { ...settings, scopes: itemsOf(scopes), ipAllowlist: itemsOf(ipAllowlist).map(blockOf) };
}

/** Neither a scope nor a block of addresses has a space in it. */
const itemsOf = (text: string): readonly string[] => (text === "" ? [] : text.split(" "));

function blockOf(text: string): Cidr {
  const block = parseCidr(text);
  if (!block.ok) throw new RangeError("what was an address block is none any more");
  return block.value;
}

function readSecret(reader: ByteReader): TokenSecret {
  const secretId = reader.text() as SecretId;
  const kind = secretKinds[reader.count()];
  if (kind === undefined) throw new RangeError("there is no such kind of secret");
  const digest = reader.bytes();
  const salt = reader.bytes();
  const notBefore = reader.numberOrNull();
  const expiresAt = reader.numberOrNull();
  const revokedAt = reader.numberOrNull();
  const since = reader.numberOrNull();
  if (since === null)
    return { secretId, kind, digest, salt, notBefore, expiresAt, idle: null, revokedAt, lastUse: null };
  const idle = { since, after: reader.numberOrNull() ?? 0 };
  const usedAt = reader.numberOrNull();
  const lastUse = usedAt === null ? null : { at: usedAt };
  return { secretId, kind, digest, salt, notBefore, expiresAt, idle, revokedAt, lastUse };
}
