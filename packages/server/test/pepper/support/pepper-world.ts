import { randomBytes, randomUUID } from "node:crypto";
import { ownAuthority } from "@carnet/core/admin/permission";
import { revokeSecret, type SecretPorts } from "@carnet/core/admin/secrets";
import { cliOrigin, serviceOrigin } from "@carnet/core/audit/recorder";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import { type ClientRegistration, type RegistrationPorts, registerClient } from "@carnet/core/client/register-client";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import { SecretMoves } from "@carnet/core/client/secret-moves";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { deleteEndedPeppers, rotatePepper } from "@carnet/core/pepper/rotate-pepper";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { type AuthenticationPorts, authenticateClient } from "@carnet/core/token/authenticate-client";
import { Redacted } from "@carnet/protocol/redacted";
import { PepperRing, type PepperSource } from "@carnet/server/crypto/secret-hasher";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import type { DataKeys } from "@carnet/server/store/sql/data-keys";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { createSqlPepperStore } from "@carnet/server/store/sql/peppers";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import type { ChangeFeed } from "@carnet/server/store/sql/sql-dialect";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { testDataKeys } from "@carnet/testkit/test-data-keys";
import { storePorts, type TestDatabase } from "@carnet/testkit/test-database";

/** Replaces a part of a node by one with a fault. */
export interface PlantedFault {
  source?(source: PepperSource): PepperSource;
  hasher?(ring: PepperRing): SecretHasher;
  moves?(moves: SecretMoves): Pick<SecretMoves, "note">;
}

/** A database that nodes share, and their clock. */
export class PepperWorld {
  readonly clock = new FixedClock("2026-11-21T12:00:00Z");
  readonly database: TestDatabase;
  readonly sealer: DataKeys;
  readonly ports;
  #nodes = 0;

  constructor(database: TestDatabase) {
    this.database = database;
    this.sealer = testDataKeys(database.db);
    this.ports = { ...storePorts(database.dialect, this.clock), eventIds: countingIds() };
  }

  static async open(database: TestDatabase, at?: number): Promise<PepperWorld> {
    const world = new PepperWorld(database);
    if (at !== undefined) world.clock.set(new Date(at).toISOString());
    await openSealedKeys(database.db, world.sealer, world.ports);
    return world;
  }

  /** Starts a node. It does nothing in the background: see `PepperNode.poll`. */
  async start(fault: PlantedFault = {}): Promise<PepperNode> {
    const { db, other, dialect } = this.database;
    const own = this.#nodes++ % 2 === 0 ? db : other;
    const peppers = createSqlPepperStore(own, { sealer: this.sealer, ...this.ports });
    const ring = new PepperRing(fault.source?.(peppers) ?? peppers, this.clock);
    await ring.refresh();
    const store = createSqlClientStore(own, this.ports);
    const directory = new ClientDirectory(store, new PackedClients(2 ** 20, 7));
    const feed = await dialect.openChangeFeed(own, {
      changed: (clientId) => directory.forget(clientId),
      missed: () => directory.doubtAll(),
    });
    const owners = createSqlOwnerStore(own, this.ports);
    const scopes = new ScopeCatalogue(createSqlScopeStore(own, this.ports), true);
    return new PepperNode({ world: this, ring, peppers, store, directory, feed, owners, scopes, fault });
  }
}

interface NodeParts {
  readonly world: PepperWorld;
  readonly ring: PepperRing;
  readonly peppers: ReturnType<typeof createSqlPepperStore>;
  readonly store: ReturnType<typeof createSqlClientStore>;
  readonly directory: ClientDirectory;
  readonly feed: ChangeFeed;
  readonly owners: SecretPorts["owners"];
  readonly scopes: ScopeCatalogue;
  readonly fault: PlantedFault;
}

/** What a process of the service does for secrets and peppers, step by step. */
export class PepperNode {
  readonly parts: NodeParts;
  readonly moves: SecretMoves;
  readonly authentication: AuthenticationPorts;
  readonly admin: SecretPorts & RegistrationPorts;

  constructor(parts: NodeParts) {
    const { world, ring, store, directory, owners, scopes, fault } = parts;
    this.parts = parts;
    this.moves = new SecretMoves({ store, moved: (clientId) => directory.forget(clientId) });
    const hasher = fault.hasher?.(ring) ?? ring;
    const uses = new SecretUses(store);
    this.authentication = { store, hasher, directory, uses, moves: fault.moves?.(this.moves) ?? this.moves };
    this.admin = {
      ...{ clock: world.clock, store, hasher, uses, owners, scopes, eventIds: world.ports.eventIds },
      ...{ authority: ownAuthority, accessTokenTtl: 600, origin: cliOrigin("client_changed") },
      ...{ random, recorder: { record() {} } },
    };
  }

  /** What the background does each half second or second. */
  async poll(): Promise<void> {
    await this.parts.ring.refresh();
    await this.parts.feed.poll();
    await this.moves.flush();
  }

  rotate(deadlineIn: number) {
    return rotatePepper({ deadlineIn }, { ...this.admin, peppers: this.parts.peppers });
  }

  deleteEnded(): Promise<void> {
    return deleteEndedPeppers({ ...this.admin, peppers: this.parts.peppers, origin: serviceOrigin("pepper_ended") });
  }

  async register(value?: string): Promise<UsedSecret> {
    const registration: ClientRegistration = {
      client_id: randomUUID(),
      ...(value === undefined ? {} : { secret: { value: new Redacted(value) } }),
    };
    const registered = await registerClient(registration, this.admin);
    if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    const { client, generatedSecret } = registered.value;
    return {
      clientId: client.clientId,
      secretId: client.secrets[0]?.secretId ?? "",
      secret: generatedSecret?.reveal() ?? value ?? "",
    };
  }

  async revoke({ clientId, secretId }: UsedSecret): Promise<void> {
    const revoked = await revokeSecret({ clientId, ifMatch: undefined }, { secretId }, this.admin);
    if (!revoked.ok) throw new Error(JSON.stringify(revoked.error));
  }

  /** Whether the secret authenticates its client here now. */
  async accepts({ clientId, secret }: Omit<UsedSecret, "secretId">): Promise<boolean> {
    const reading = { clientId, clientSecret: new Redacted(secret) };
    const from = { address: "127.0.0.1", now: this.parts.world.clock.now() };
    const presented = { readings: [reading] as const, method: "client_secret_post" as const, inBody: true };
    return (await authenticateClient({ ...presented, flaw: undefined } as never, from, this.authentication)).ok;
  }
}

export interface UsedSecret {
  readonly clientId: string;
  readonly secretId: string;
  readonly secret: string;
}

const random = { bytes: (length: number) => randomBytes(length), uuid: () => randomUUID() };
