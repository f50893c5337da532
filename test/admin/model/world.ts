import { setImmediate as endOfTurn } from "node:timers/promises";
import { ownAuthority } from "@carnet/core/admin/permission";
import { cliOrigin } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import type { ClientStore } from "@carnet/core/client/client-store";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import { defaultPolicy, type Owner, type OwnerPolicy } from "@carnet/core/owner/owner";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import { ScopeCatalogue, type ScopeStore } from "@carnet/core/scope/scope-catalogue";
import { adminAudience, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { buildApp } from "@carnet/server/http/app";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { createSqlEventStore } from "@carnet/server/store/sql/event-store";
import { createSqlIdempotencyStore } from "@carnet/server/store/sql/idempotency-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { answerOf } from "@carnet/testkit/answer-of";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { MemorySigningKeyStore } from "@carnet/testkit/memory-signing-key-store";
import { eventWith } from "@carnet/testkit/sample-events";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";

/** A client of the store as it was committed, and who committed it. null: it did not exist. */
export interface Commit {
  /** The `jti` of the token of the call; null: the preparation. */
  readonly call: string | null;
  readonly before: Client | null;
  readonly after: Client | null;
}

/** A fault that a test plants, to see that the model finds it. */
export interface Fault {
  /** Replaces the store of each process. `raw` is below the notes of the model. */
  readonly store?: (inner: ClientStore, world: World, raw: ClientStore) => ClientStore;
  readonly owners?: (inner: OwnerStore) => OwnerStore;
  readonly scopes?: (inner: ScopeStore) => ScopeStore;
}

/** What a token was issued for. It stays usable for as long as the service lets it. */
export interface Grant {
  readonly clientHandle: string;
  readonly secretHandle: string;
}

const initial: readonly ClientRegistration[] = [
  { client_id: "pay-1", owner: "team-pay", scope: "file:read" },
  { client_id: "pay-2", owner: "team-pay", scope: "file:read" },
  { client_id: "sea-1", owner: "team-sea", scope: "file:read file:write" },
  { client_id: "sea-2", owner: "team-sea", scope: "file:write" },
  { client_id: "platform-1", role: "admin" },
  { client_id: "platform-2", role: "admin" },
  { client_id: "admin-pay-1", role: "admin", role_owners: ["team-pay"] },
  { client_id: "admin-pay-2", role: "admin", role_owners: ["team-pay"] },
  { client_id: "admin-sea", role: "admin", role_owners: ["team-sea"] },
  { client_id: "operator-pay", role: "operator", role_owners: ["team-pay"] },
  { client_id: "operator-all", role: "operator" },
  { client_id: "auditor-pay", role: "auditor", role_owners: ["team-pay"] },
  { client_id: "auditor-all", role: "auditor" },
];

const policies: Readonly<Record<string, OwnerPolicy>> = {
  "team-pay": { ...defaultPolicy, scopes: ["file:read"], maxTokenTtl: 900 },
  "team-sea": defaultPolicy,
};

/** No call changes it. */
const levelScope = { name: "level", description: "Sets a claim", claims: { level: "gold" } };

export const clientIds = initial.map(({ client_id }) => client_id ?? "");

/** Two processes on one SQLite store. Every commit is noted below all that can be faulty. */
export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly endpoint = new TestEndpoint();
  readonly commits: Commit[] = [];
  readonly signingKeys = new MemorySigningKeyStore();
  /** The clients as they are in the store. */
  readonly truth = new Map<string, Client>();
  /** Every token that could ever be requested. */
  readonly grants = new Map<string, Grant[]>();
  readonly issuer = this.endpoint.ports.policy.issuer;
  #apps: ReturnType<typeof buildApp>[] = [];
  owners: OwnerStore | undefined;
  #scopes: ScopeCatalogue | undefined;

  static async open({
    store: faulty = (inner) => inner,
    owners: faultyOwners = (inner) => inner,
    scopes: faultyScopes = (inner) => inner,
  }: Fault = {}) {
    const world = new World();
    const folder = world.#stack.use(await temporaryFolder());
    const { clock } = world.endpoint;
    const db = await openSqlite(folder.file("carnet.db"));
    world.#stack.defer(() => db.destroy());
    const ports = { ...sqlitePorts(clock), eventIds: world.endpoint.eventIds };
    const owners = createSqlOwnerStore(db, ports);
    const scopes = new ScopeCatalogue(faultyScopes(createSqlScopeStore(db, ports)), true);
    const events = createSqlEventStore(db, ports);
    const answers = createSqlIdempotencyStore(db, ports);
    const revocations = createSqlRevocationStore(db, ports);
    const raw = createSqlClientStore(db, ports);
    const store = world.#pausing(world.#noting(raw));
    for (const [name, policy] of Object.entries(policies))
      await owners.insert(ownerOf(name, policy), { event: eventWith() });
    await scopes.put(levelScope, { ...world.endpoint, origin: cliOrigin("scope_put") });
    for (const registration of initial) {
      const registered = await registerClient(registration, {
        ...{ ...world.endpoint.ports, store, scopes, owners, origin: cliOrigin("client_created") },
        ...{ authority: ownAuthority, accessTokenTtl: 600 },
      });
      if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    }
    for (let process = 0; process < 2; process++) {
      const own = faulty(store, world, raw);
      const { signingKeys } = world;
      const stores = { store: { ...own, ...answers }, scopes, storedEvents: events, revocations, signingKeys };
      const admin = adminPortsOf({ ...world.endpoint, ...stores });
      const ports = { admin: { ...admin, store: own, owners: faultyOwners(owners) } };
      world.#apps.push(buildApp(httpPortsOf(world.endpoint, ports)));
    }
    world.owners = owners;
    world.#scopes = scopes;
    return world;
  }

  /** What platform admins alone manage besides clients. */
  async catalogue(): Promise<{ readonly owners: readonly Owner[]; readonly others: string }> {
    const owners = (await this.owners?.list()) ?? [];
    return { owners, others: JSON.stringify([await this.#scopes?.list(), this.signingKeys.keys]) };
  }

  /** Sends a call with a token for a grant, which names all admin scopes. */
  async send(
    process: number,
    { clientId, grant, jti }: { readonly clientId: string; readonly grant: Grant; readonly jti: string },
    call: {
      readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
      readonly url: string;
      readonly body?: object | undefined;
    },
  ): Promise<{ readonly status: number; readonly text: string }> {
    const claims = {
      ...{ iss: this.issuer, sub: clientId, client_id: clientId, aud: adminAudience(this.issuer), jti },
      ...{ iat: 0, exp: 4_000_000_000, scope: Object.values(adminScopes).join(" ") },
      rvk: [grant.clientHandle, grant.secretHandle],
    };
    const token = `signed.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
    const app = this.#apps[process];
    if (app === undefined) throw new Error("there is no such process");
    const headers = { authorization: `Bearer ${token}`, ...(call.body && { "content-type": "application/json" }) };
    const { method, url, body } = call;
    const answer = await answerOf(app, { method, url, headers, ...(body && { payload: JSON.stringify(body) }) });
    return { status: answer.statusCode, text: answer.payload };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** SQLite answers at once, so without pauses the first of two calls would be done before the other one starts. */
  #pausing(inner: ClientStore): ClientStore {
    const pause = async (): Promise<void> => {
      for (let turns = this.endpoint.random.below(8); turns > 0; turns--) await endOfTurn();
    };
    return {
      ...inner,
      find: (clientId) => pause().then(() => inner.find(clientId)),
      insert: (clients, change) => pause().then(() => inner.insert(clients, change)),
      replace: (next, change) => pause().then(() => inner.replace(next, change)),
      delete: (client, change) => pause().then(() => inner.delete(client, change)),
    };
  }

  #noting(inner: ClientStore): ClientStore {
    return {
      ...inner,
      insert: async (clients, change) => {
        const insertion = await inner.insert(clients, change);
        if (insertion.kind === "inserted") for (const client of clients) this.#note(client.clientId, client, change);
        return insertion;
      },
      replace: async (next, change) => {
        const outcome = await inner.replace(next, change);
        if (outcome === "replaced") this.#note(next.clientId, next, change);
        return outcome;
      },
      delete: async (client, change) => {
        const outcome = await inner.delete(client, change);
        if (outcome === "deleted") this.#note(client.clientId, null, change);
        return outcome;
      },
    };
  }

  #note(clientId: string, after: Client | null, { event: { actor } }: Parameters<ClientStore["delete"]>[1]): void {
    const call = actor.type === "client" ? actor.jti : null;
    this.commits.push({ call, before: this.truth.get(clientId) ?? null, after });
    if (after === null) this.truth.delete(clientId);
    else this.truth.set(clientId, after);
    const known = this.grants.get(clientId) ?? [];
    this.grants.set(clientId, known);
    for (const { handle } of after?.secrets ?? []) {
      if (!known.some(({ secretHandle }) => secretHandle === handle))
        known.push({ clientHandle: after?.handle ?? "", secretHandle: handle });
    }
  }
}

const ownerOf = (name: string, policy: OwnerPolicy): Owner => ({
  ...{ name, policy, description: null, contact: null },
  ...{ createdAt: 0, updatedAt: 0, version: 1 },
});
