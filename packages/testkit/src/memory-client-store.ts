import { answersKeptFor, type KeptAnswer, type KeptAnswerStore } from "@carnet/core/admin/idempotency";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type {
  ClientLookup,
  ClientPage,
  ClientPlace,
  ClientQuery,
  ClientStore,
  Insertion,
} from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { ClientId, SecretId } from "@carnet/protocol/ids";

/** Clients in a map: the smallest store that passes the conformance suite. */
export class MemoryClientStore implements ClientStore, KeptAnswerStore {
  readonly #clients = new Map<ClientId, Client>();
  readonly #answers = new Map<string, KeptAnswer & { readonly at: number }>();
  readonly #now: () => number;
  /** How often `find` was called. */
  finds = 0;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  async find(clientId: ClientId | undefined): Promise<ClientLookup> {
    this.finds++;
    const client = clientId === undefined ? undefined : this.#clients.get(clientId);
    return { client: client ?? decoyClient, known: client !== undefined, anySlowSecret: this.#anySlowSecret() };
  }

  async insert(clients: readonly Client[], answer?: KeptAnswer): Promise<Insertion> {
    if (this.#isKept(answer)) return { kind: "repeated" };
    const taken = clients.map(({ clientId }) => clientId).filter((id) => this.#clients.has(id));
    if (taken.length > 0) return { kind: "taken", clientIds: taken };
    for (const client of clients) this.#clients.set(client.clientId, client);
    this.#keep(answer);
    return { kind: "inserted" };
  }

  async replace(next: Client, answer?: KeptAnswer): Promise<"replaced" | "changed" | "repeated"> {
    if (this.#isKept(answer)) return "repeated";
    const before = this.#clients.get(next.clientId);
    if (before?.createdAt !== next.createdAt || before.version !== next.version - 1) return "changed";
    const lastUses = new Map(before.secrets.map(({ secretId, lastUse }) => [secretId, lastUse]));
    const secrets = next.secrets.map((secret) => ({ ...secret, lastUse: lastUses.get(secret.secretId) ?? null }));
    this.#clients.set(next.clientId, { ...next, secrets });
    this.#keep(answer);
    return "replaced";
  }

  async delete(client: Client): Promise<"deleted" | "changed"> {
    const before = this.#clients.get(client.clientId);
    if (before?.createdAt !== client.createdAt || before.version !== client.version) return "changed";
    this.#clients.delete(client.clientId);
    return "deleted";
  }

  async search(query: ClientQuery): Promise<ClientPage> {
    const { sort, after, limit } = query;
    const direction = sort.descending ? -1 : 1;
    const found = [...this.#clients.values()]
      .filter((client) => finds(query, client, this.#now()))
      .map((client) => ({ client, place: { value: sortValue(client, sort.key), clientId: client.clientId } }))
      .sort((left, right) => direction * comparePlaces(left.place, right.place))
      .filter(({ place }) => after === null || direction * comparePlaces(place, after) > 0);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { clients: found.slice(0, limit).map(({ client }) => client), next: last?.place ?? null };
  }

  async keepUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void> {
    for (const client of this.#clients.values()) {
      const secrets = client.secrets.map((secret) => {
        const use = uses.get(secret.secretId);
        return use !== undefined && use.at > (secret.lastUse?.at ?? -1) ? { ...secret, lastUse: use } : secret;
      });
      this.#clients.set(client.clientId, { ...client, secrets });
    }
  }

  async findAnswer(keyDigest: Uint8Array): Promise<KeptAnswer | undefined> {
    return this.#answerOf(keyDigest);
  }

  /** Changes a client behind the back of whoever has it in memory, as an administrator would. */
  change(clientId: string, change: Partial<Client>): void {
    for (const client of this.#clients.values()) {
      if (client.clientId === clientId) this.#clients.set(client.clientId, { ...client, ...change });
    }
  }

  #anySlowSecret(): boolean {
    return [...this.#clients.values()].some(({ secrets }) => secrets.some(({ kind }) => kind === "human"));
  }

  #isKept(answer: KeptAnswer | undefined): boolean {
    return answer !== undefined && this.#answerOf(answer.keyDigest) !== undefined;
  }

  #keep(answer: KeptAnswer | undefined): void {
    if (answer === undefined) return;
    this.#answers.set(Buffer.from(answer.keyDigest).toString("hex"), { ...answer, at: this.#now() });
  }

  #answerOf(keyDigest: Uint8Array): KeptAnswer | undefined {
    const kept = this.#answers.get(Buffer.from(keyDigest).toString("hex"));
    return kept !== undefined && kept.at > this.#now() - answersKeptFor ? kept : undefined;
  }
}

function finds(query: ClientQuery, client: Client, now: number): boolean {
  const { status, scope, labels, text, endingBefore } = query;
  const ends = (instant: number | null): boolean =>
    instant !== null && endingBefore !== null && instant > now && instant < endingBefore;
  return (
    (status === null || client.status === status) &&
    (scope === null || client.scopes.includes(scope)) &&
    Object.entries(labels).every(([name, value]) => client.labels[name] === value) &&
    (text === null ||
      [client.clientId, client.clientName, client.username].some((field) =>
        asciiLower(field ?? "").includes(asciiLower(text)),
      )) &&
    (endingBefore === null ||
      ends(client.expiresAt) ||
      client.secrets.some((secret) => secret.revokedAt === null && ends(secret.expiresAt)))
  );
}

/** Only the letters from A to Z. */
const asciiLower = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

function sortValue(client: Client, key: ClientQuery["sort"]["key"]): string | number {
  switch (key) {
    case "client_id":
      return client.clientId;
    case "client_name":
      return client.clientName ?? "";
    case "created_at":
      return client.createdAt;
    case "updated_at":
      return client.updatedAt;
    case "expires_at":
      return client.expiresAt ?? Number.MAX_SAFE_INTEGER;
    default:
      return key satisfies never;
  }
}

const comparePlaces = (left: ClientPlace, right: ClientPlace): number =>
  compare(left.value ?? "", right.value ?? "") || compare(left.clientId, right.clientId);

function compare(left: string | number, right: string | number): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
}
