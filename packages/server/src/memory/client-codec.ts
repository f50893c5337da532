import type { Client } from "@carnet/core/client/client";
import type { ClientSecret } from "@carnet/core/client/client-secret";
import { parseCidr } from "@carnet/protocol/cidr";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { ByteReader, ByteWriter } from "./bytes.ts";

/**
 * Writes clients as a hundred bytes or two each and makes them out of these again, equal in all that a token asks for. What
 * many clients have alike, such as scopes and policies, is kept once and named by a number. A last use is left out where
 * nothing depends on it.
 */
export class ClientCodec {
  /** By their text, and by their number. */
  readonly #numbers = new Map<string, number>();
  readonly #common: Common[] = [];
  readonly #writer = new ByteWriter();
  readonly #reader = new ByteReader();

  /** The bytes, good until the next call; undefined where the client is too large. */
  encode(client: Client): Uint8Array | undefined {
    const writer = this.#writer.begin();
    writer.text(client.clientId);
    this.#writeCommon(client);
    for (const name of [client.clientName, client.username, client.workspace]) writer.textOrNull(name);
    writer.time(client.createdAt);
    writer.time(client.updatedAt);
    writer.count(client.version);
    for (const { secretId, prefix, digest, createdAt } of client.secrets) {
      writer.text(secretId);
      writer.textOrNull(prefix === prefixOf(secretId) ? null : prefix);
      writer.bytes(digest);
      writer.time(createdAt);
    }
    return writer.end();
  }

  /** Whether the bytes are those of this client. */
  isOf(clientId: ClientId, bytes: Buffer, start: number): boolean {
    return this.#reader.begin(bytes, start).isText(clientId);
  }

  decode(bytes: Buffer, start: number): Client {
    const reader = this.#reader.begin(bytes, start);
    const clientId = reader.text() as ClientId;
    const { client, secrets } = this.#readCommon(reader);
    // In the order in which the store's reader makes them: to V8 it is the same kind of object then
    return {
      clientId,
      clientName: reader.textOrNull(),
      username: reader.textOrNull(),
      scopes: client.scopes,
      scopePolicy: client.scopePolicy,
      status: client.status,
      expiresAt: client.expiresAt,
      ipAllowlist: client.ipAllowlist,
      tokenEndpointAuthMethod: client.tokenEndpointAuthMethod,
      accessTokenTtl: client.accessTokenTtl,
      audience: client.audience,
      labels: client.labels,
      workspace: reader.textOrNull(),
      createdAt: reader.time(),
      updatedAt: reader.time(),
      version: reader.count(),
      secrets: secrets.map((common) => readSecret(reader, common)),
    };
  }

  #writeCommon(client: Client): void {
    const common = commonOf(client);
    const text = JSON.stringify({ ...common, blocks: client.ipAllowlist.map((block) => block.text) });
    const known = this.#numbers.get(text);
    if (known === undefined && this.#common.length === mostCommon) {
      this.#writer.count(inline);
      this.#writer.text(text);
      return;
    }
    const number = known ?? this.#common.push(common) - 1;
    if (known === undefined) this.#numbers.set(text, number);
    this.#writer.count(number);
  }

  #readCommon(reader: ByteReader): Common {
    const number = reader.count();
    const common = number === inline ? parseCommon(reader.text()) : this.#common[number];
    if (common === undefined) throw new RangeError("there is no such number of what clients have alike");
    return common;
  }
}

/** How many different sets of what clients have alike are kept. Beyond them, each client has its own beside it. */
const mostCommon = 4096;
const inline = 0xffff_ffff;

type CommonClient = Omit<
  Client,
  "clientId" | "clientName" | "username" | "workspace" | "createdAt" | "updatedAt" | "version" | "secrets"
>;
type CommonSecret = Omit<ClientSecret, "secretId" | "prefix" | "digest" | "createdAt">;

interface Common {
  readonly client: CommonClient;
  readonly secrets: readonly CommonSecret[];
}

const commonOf = ({ secrets, ...client }: Client): Common => {
  const { clientId, clientName, username, workspace, createdAt, updatedAt, version, ...common } = client;
  return {
    client: common,
    secrets: secrets.map(({ secretId, prefix, digest, createdAt: since, ...secret }) =>
      secret.idle === null ? { ...secret, lastUse: null } : secret,
    ),
  };
};

function parseCommon(text: string): Common {
  const { client, secrets, blocks } = JSON.parse(text);
  const ipAllowlist = blocks.map((block: string) => {
    const parsed = parseCidr(block);
    if (!parsed.ok) throw new RangeError("what was an address block is none any more");
    return parsed.value;
  });
  return {
    client: { ...client, ipAllowlist },
    secrets: secrets.map((secret: CommonSecret) => ({ ...secret, salt: new Uint8Array(Object.values(secret.salt)) })),
  };
}

function readSecret(reader: ByteReader, common: CommonSecret): ClientSecret {
  const secretId = reader.text() as SecretId;
  return {
    secretId,
    label: common.label,
    prefix: reader.textOrNull() ?? prefixOf(secretId),
    kind: common.kind,
    digest: reader.bytes(),
    salt: common.salt,
    createdAt: reader.time(),
    notBefore: common.notBefore,
    expiresAt: common.expiresAt,
    idle: common.idle,
    revokedAt: common.revokedAt,
    lastUse: common.lastUse,
  };
}

/** That of a generated secret. */
const prefixOf = (secretId: SecretId): string => `carnet_${secretId}_`;
