import type { StoredWithChange } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import type { SecretUse } from "@carnet/core/client/client-secret";
import {
  type ClientPage,
  type ClientPlace,
  type ClientQuery,
  type ClientStore,
  type Insertion,
  isSameOwner,
  isUsablePlatformAdmin,
  type Replacement,
  type RevocationLimit,
  type StoredWithClients,
} from "@carnet/core/client/client-store";
import { sameDigest } from "@carnet/core/client/secret-hasher";
import type { SecretMove } from "@carnet/core/client/secret-moves";
import {
  type IdempotencyRecord,
  type IdempotencyStore,
  idempotencyRecordLifetime,
} from "@carnet/core/idempotency-record";
import type { Owner } from "@carnet/core/owner/owner";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { MemoryEventStore } from "./memory-event-store.ts";
import { MemoryOwnerStore } from "./memory-owner-store.ts";
import { MemoryRevocationStore } from "./memory-revocation-store.ts";

/** Clients in a map: the smallest store that passes the conformance suite. */
export class MemoryClientStore implements ClientStore, IdempotencyStore {
  readonly #clients = new Map<ClientId, Client>();
  readonly #records = new Map<string, IdempotencyRecord & { readonly at: number }>();
  readonly #now: () => number;
  /** Has the event of each change. */
  readonly events: MemoryEventStore;
  readonly owners: MemoryOwnerStore;
  readonly revocations: MemoryRevocationStore;
  /** How many digests were looked up. */
  probes = 0;

  constructor(now: () => number = () => 0, events: MemoryEventStore = new MemoryEventStore()) {
    this.#now = now;
    this.events = events;
    this.owners = new MemoryOwnerStore(events, this);
    this.revocations = new MemoryRevocationStore(events, (clientId) => this.#clients.get(clientId as ClientId));
  }

  async find(clientId: ClientId): Promise<Client | undefined> {
    return this.#clients.get(clientId);
  }

  async findBySecret(digest: Uint8Array): ReturnType<ClientStore["findBySecret"]> {
    this.probes++;
    for (const client of this.#clients.values()) {
      const secret = client.secrets.find((candidate) => sameDigest(candidate.digest, digest));
      if (secret !== undefined) return { client, secret };
    }
    return undefined;
  }

  async identify(digest: Uint8Array): ReturnType<ClientStore["identify"]> {
    const found = await this.findBySecret(digest);
    return found && { clientId: found.client.clientId, secretId: found.secret.secretId };
  }

  async insert(clients: readonly Client[], { event, record, owners }: StoredWithClients): Promise<Insertion> {
    if (this.#isRepeated(record)) return { kind: "repeated" };
    const taken = clients.map(({ clientId }) => clientId).filter((id) => this.#clients.has(id));
    if (taken.length > 0) return { kind: "taken", clientIds: taken };
    const digests = [...this.#clients.values(), ...clients].flatMap(({ secrets }) =>
      secrets.map(({ digest }) => digest.join()),
    );
    if (new Set(digests).size < digests.length) throw new Error("two secrets have the same digest");
    if (this.#isChanged(owners)) return { kind: "owner_changed" };
    const full = owners.find((owner) => this.#isFull(owner, countOf(owner, clients)));
    if (full !== undefined) return { kind: "owner_full", owner: full };
    for (const client of clients) this.#clients.set(client.clientId, client);
    this.#record(record);
    this.events.insert(event);
    return { kind: "inserted" };
  }

  async replace(next: Client, { event, record, owners, maxRevocations }: StoredWithClients): Promise<Replacement> {
    if (this.#isRepeated(record)) return "repeated";
    const before = this.#clients.get(next.clientId);
    if (before?.createdAt !== next.createdAt || before.version !== next.version - 1) return "changed";
    const stored = new Map(before.secrets.map((secret) => [secret.secretId, secret]));
    const secrets = next.secrets.map((secret) => {
      const { lastUse = null, digest = secret.digest, pepper = secret.pepper } = stored.get(secret.secretId) ?? {};
      return { ...secret, lastUse, digest, pepper };
    });
    if (this.#isChanged(owners)) return "owner_changed";
    if (this.#isLastAdmin(before, { ...next, secrets })) return "last_admin";
    const owner = owners.find(({ name }) => name === next.owner);
    if (owner !== undefined && this.#isFull(owner, countOf(owner, [next]) - countOf(owner, [before])))
      return "owner_full";
    const revocation = this.revocations.revokeLostHandles(before, next, { now: this.#now(), max: maxRevocations });
    if (revocation === "too many") return "too_many_revocations";
    this.#clients.set(next.clientId, { ...next, secrets });
    this.#record(record);
    this.events.insert(event);
    return "replaced";
  }

  async delete(
    client: Client,
    { event, maxRevocations }: StoredWithChange & RevocationLimit,
  ): ReturnType<ClientStore["delete"]> {
    const before = this.#clients.get(client.clientId);
    if (before?.createdAt !== client.createdAt || before.version !== client.version) return "changed";
    if (this.#isLastAdmin(before)) return "last_admin";
    const revocation = this.revocations.revokeLostHandles(before, null, { now: this.#now(), max: maxRevocations });
    if (revocation === "too many") return "too_many_revocations";
    this.#clients.delete(client.clientId);
    this.events.insert(event);
    return "deleted";
  }

  async search(query: ClientQuery): Promise<ClientPage> {
    const { sort, after, limit } = query;
    const direction = sort.descending ? -1 : 1;
    const found = [...this.#clients.values()]
      .filter((client) => matches(query, client, this.#now()))
      .map((client) => ({ client, place: { value: sortValue(client, sort.key), clientId: client.clientId } }))
      .sort((left, right) => direction * comparePlaces(left.place, right.place))
      .filter(({ place }) => after === null || direction * comparePlaces(place, after) > 0);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { clients: found.slice(0, limit).map(({ client }) => client), next: last?.place ?? null };
  }

  async recordUses(uses: ReadonlyMap<SecretId, SecretUse>): Promise<void> {
    for (const client of this.#clients.values()) {
      const secrets = client.secrets.map((secret) => {
        const use = uses.get(secret.secretId);
        return use !== undefined && use.at > (secret.lastUse?.at ?? -1) ? { ...secret, lastUse: use } : secret;
      });
      this.#clients.set(client.clientId, { ...client, secrets });
    }
  }

  async moveSecrets(moves: readonly SecretMove[]): Promise<void> {
    for (const { secretId, clientId, from, to } of moves) {
      const client = this.#clients.get(clientId);
      const secrets = client?.secrets.map((secret) =>
        secret.secretId === secretId && secret.pepper === from.pepper
          ? { ...secret, ...to, mustBeUsedBy: null }
          : secret,
      );
      if (client !== undefined && secrets !== undefined) this.#clients.set(clientId, { ...client, secrets });
    }
  }

  async findRecord(keyDigest: Uint8Array): Promise<IdempotencyRecord | undefined> {
    return this.#recordOf(keyDigest);
  }

  /** Changes a client behind the back of the cache, as another process would. */
  change(clientId: string, change: Partial<Client>): void {
    for (const client of this.#clients.values()) {
      if (client.clientId === clientId) this.#clients.set(client.clientId, { ...client, ...change });
    }
  }

  #isChanged(owners: readonly Owner[]): boolean {
    return owners.some((owner) => !isSameOwner(owner, this.owners.read(owner.name)));
  }

  /** Whether an owner that gains clients would have too many. */
  #isFull(owner: Owner, gained: number): boolean {
    const { maxClients } = owner.policy;
    return gained > 0 && maxClients !== null && countOf(owner, [...this.#clients.values()]) + gained > maxClients;
  }

  /** Whether a client is the last usable platform admin, and its next version is none. */
  #isLastAdmin(before: Client, next?: Client): boolean {
    const isUsable = (client: Client): boolean => isUsablePlatformAdmin(client, this.#now());
    if (!isUsable(before) || (next !== undefined && isUsable(next))) return false;
    return ![...this.#clients.values()].some((client) => client.clientId !== before.clientId && isUsable(client));
  }

  #isRepeated(record: IdempotencyRecord | undefined): boolean {
    if (record === undefined) return false;
    const { keyDigest, otherKeyDigests = [] } = record;
    return [keyDigest, ...otherKeyDigests].some((digest) => this.#recordOf(digest) !== undefined);
  }

  #record(record: IdempotencyRecord | undefined): void {
    if (record === undefined) return;
    this.#records.set(Buffer.from(record.keyDigest).toString("hex"), { ...record, at: this.#now() });
  }

  #recordOf(keyDigest: Uint8Array): IdempotencyRecord | undefined {
    const record = this.#records.get(Buffer.from(keyDigest).toString("hex"));
    return record !== undefined && record.at > this.#now() - idempotencyRecordLifetime ? record : undefined;
  }
}

/** How many of these clients an owner has. */
const countOf = ({ name }: Owner, clients: readonly Client[]): number =>
  clients.filter(({ role, owner }) => role === null && owner === name).length;

function matches(query: ClientQuery, client: Client, now: number): boolean {
  const { owner, visible, role, status, scope, labels, text, endingBefore, unusedSince } = query;
  const ends = (instant: number | null): boolean =>
    instant !== null && endingBefore !== null && instant > now && instant < endingBefore;
  return (
    (owner === null || (client.owner === owner && client.role === null)) &&
    (visible === null ||
      client.clientId === visible.clientId ||
      (client.role === null && visible.owners.includes(client.owner))) &&
    (role === null || (role === "any" ? client.role !== null : client.role === role)) &&
    (status === null || client.status === status) &&
    (scope === null || client.scopes.includes(scope)) &&
    Object.entries(labels).every(([name, value]) => client.labels[name] === value) &&
    (text === null ||
      [client.clientId, client.clientName, client.username].some((field) =>
        asciiLower(field ?? "").includes(asciiLower(text)),
      )) &&
    (endingBefore === null ||
      ends(client.expiresAt) ||
      client.secrets.some((secret) => secret.revokedAt === null && ends(secret.expiresAt))) &&
    (unusedSince === null || isUnused(client, unusedSince))
  );
}

const isUnused = ({ createdAt, secrets }: Client, since: number): boolean =>
  createdAt < since && secrets.every(({ lastUse }) => lastUse === null || lastUse.at < since);

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
