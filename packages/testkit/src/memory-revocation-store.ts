import type { Client } from "@carnet/core/client/client";
import {
  coveredUntil,
  endOfRevocation,
  keptAfterEnd,
  matchesToken,
  type RevocableToken,
  type Revocation,
} from "@carnet/core/revocation/revocation";
import type { RevocationQuery, RevocationStore, StoredRevocation } from "@carnet/core/revocation/revocation-store";
import type { MemoryEventStore } from "./memory-event-store.ts";

/** Revocations in a list. */
export class MemoryRevocationStore implements RevocationStore {
  #revocations: StoredRevocation[] = [];
  #number = 0;
  /** Of lost handles. */
  readonly #owned: { readonly owner: string; readonly endsAt: number }[] = [];
  readonly #events: MemoryEventStore;
  /** A client that exists, for lists. */
  readonly #find: (clientId: string) => Client | undefined;

  constructor(events: MemoryEventStore, find: (clientId: string) => Client | undefined) {
    this.#events = events;
    this.#find = find;
  }

  async find(token: RevocableToken, now: number): Promise<Revocation | undefined> {
    return this.#revocations.find((one) => one.endsAt > now && matchesToken(one, token));
  }

  async add(
    revocation: Revocation,
    { event, limit }: Parameters<RevocationStore["add"]>[1],
  ): Promise<"added" | "known" | "full"> {
    const { kind, subject, issuedUntil, clientId, revokedAt } = revocation;
    const known = this.#revocations.find((one) => one.kind === kind && one.subject === subject);
    if (known !== undefined && known.endsAt > revokedAt && (known.issuedUntil ?? 0) >= (issuedUntil ?? 0))
      return "known";
    const isToken = (one: Revocation) => one.kind === "token" && one.clientId === clientId && one.endsAt > revokedAt;
    if (limit !== undefined && kind === "token" && this.#revocations.filter(isToken).length >= limit) return "full";
    this.#insert(revocation);
    this.#events.insert(event);
    return "added";
  }

  async list({ now, owners, clientId, after, limit }: RevocationQuery): Promise<readonly StoredRevocation[]> {
    return this.#revocations
      .filter((one) => one.number > after && one.endsAt > now && (clientId === null || one.clientId === clientId))
      .filter((one) => owners === null || this.#isOf(owners, one))
      .slice(0, limit);
  }

  #isOf(owners: readonly string[], { clientId, revokedAt }: Revocation): boolean {
    const client = this.#find(clientId ?? "");
    return client?.role === null && client.createdAt <= revokedAt && owners.includes(client.owner);
  }

  async deleteEnded(now: number): Promise<void> {
    this.#revocations = this.#revocations.filter(({ endsAt }) => endsAt > now - keptAfterEnd);
  }

  /** Revokes handles that the next version of a client no longer has, unless its owner has too many. null: it is deleted. */
  revokeLostHandles(
    before: Client,
    next: Client | null,
    { now, max = Number.POSITIVE_INFINITY }: { readonly now: number; readonly max: number | undefined },
  ): "revoked" | "too many" {
    const { clientId, owner } = before;
    const lost = { clientId, issuedUntil: null, revokedAt: now, endsAt: endOfRevocation(now) };
    const revocations = lostBy(before, next).map((one) => ({ ...lost, ...one }));
    const owned = this.#owned.filter((one) => one.owner === owner && one.endsAt > now);
    if (revocations.length > 0 && owned.length + revocations.length > max) return "too many";
    for (const revocation of revocations) {
      this.#insert(revocation);
      this.#owned.push({ owner, endsAt: revocation.endsAt });
    }
    return "revoked";
  }

  #insert(revocation: Revocation): void {
    const { kind, subject, clientId } = revocation;
    const covered = coveredUntil(revocation);
    this.#revocations = this.#revocations.filter(
      (one) =>
        !(one.kind === kind && one.subject === subject) &&
        !(one.kind === "token" && one.clientId === clientId && one.revokedAt <= covered),
    );
    this.#revocations.push({ ...revocation, number: ++this.#number });
  }
}

function lostBy(before: Client, next: Client | null): readonly Pick<Revocation, "kind" | "subject">[] {
  if (next?.handle !== before.handle) return [{ kind: "client", subject: before.handle }];
  return before.secrets.flatMap(({ secretId, handle }) => {
    const secret = next.secrets.find((one) => one.secretId === secretId);
    return secret !== undefined && secret.handle !== handle ? [{ kind: "secret", subject: handle } as const] : [];
  });
}
