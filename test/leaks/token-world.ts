/** The token endpoint with its real parts, wired as in the service, so that tests can inspect each part. */

import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownAuthority } from "@carnet/core/admin/permission";
import { cliOrigin } from "@carnet/core/audit/recorder";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import { SecretMoves } from "@carnet/core/client/secret-moves";
import { SecretUses } from "@carnet/core/client/secret-uses";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { ScopeClaims } from "@carnet/core/scope/scope-claims";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { Redacted } from "@carnet/protocol/redacted";
import { recordEvents } from "@carnet/server/audit/record-events";
import { createMasterKey } from "@carnet/server/crypto/sealer";
import { PepperRing } from "@carnet/server/crypto/secret-hasher";
import { createSigner } from "@carnet/server/crypto/signing-key";
import type { ClientPorts } from "@carnet/server/http/http-ports";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { createSqlClientStore } from "@carnet/server/store/sql/client-store";
import { DataKeys } from "@carnet/server/store/sql/data-keys";
import { createSqlIdempotencyStore } from "@carnet/server/store/sql/idempotency-store";
import { createSqlOwnerStore } from "@carnet/server/store/sql/owner-store";
import { createSqlPepperStore } from "@carnet/server/store/sql/peppers";
import { createSqlScopeStore } from "@carnet/server/store/sql/scope-store";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { tokenRequestMessage } from "@carnet/testkit/test-endpoint";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";

export interface Credentials {
  readonly clientId: string;
  readonly secret: string;
}

export interface TokenWorld extends AsyncDisposable {
  readonly ports: ClientPorts;
  readonly store: ClientStore & IdempotencyStore;
  readonly scopes: ScopeCatalogue;
  readonly clock: FixedClock;
  register(registration: Omit<ClientRegistration, "scope">): Promise<Credentials>;
}

/** Opens a new store in a temporary folder. Disposing removes it. */
export async function openTokenWorld(): Promise<TokenWorld> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-world-"));
  const db = await openSqlite(join(folder, "carnet.db"));
  const clock = new FixedClock("2026-06-01T00:00:00Z");
  const sealer = new DataKeys(db, createMasterKey(createSecretKey(randomBytes(32))));
  await openSealedKeys(db, sealer, sqlitePorts(clock));
  const hasher = new PepperRing(createSqlPepperStore(db, { sealer, ...sqlitePorts(clock) }), clock);
  await hasher.refresh();
  const [signingKey] = await storedSigningKeys(db, sealer, sqlitePorts(clock));
  if (signingKey === undefined) throw new Error("no signing key");
  const store = {
    ...createSqlClientStore(db, sqlitePorts(clock)),
    ...createSqlIdempotencyStore(db, sqlitePorts(clock)),
  };
  const scopeStore = createSqlScopeStore(db, sqlitePorts(clock));
  const scopes = new ScopeCatalogue(scopeStore, true);
  const uses = new SecretUses(store);
  const directory = new ClientDirectory(store, new PackedClients(2 ** 20, 7));
  const sign = createSigner(signingKey);
  const ports: ClientPorts = {
    policy: { issuer: "http://localhost", audience: "http://localhost", accessTokenTtl: 600, sunsetAt: Infinity },
    clock,
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID() },
    hasher,
    signer: { sign: async (claims, typ) => sign(claims, typ) },
    verifier: { verify: async () => undefined },
    store,
    revocations: { find: async () => undefined, add: async () => "known" },
    cutOffs: { issuedUntil: () => 0 },
    scopes,
    scopeClaims: new ScopeClaims(scopeStore),
    directory,
    uses,
    moves: new SecretMoves({ store, moved: (clientId) => directory.forget(clientId) }),
    usage: { count() {} },
    recorder: recordEvents({ record() {} }, { uses }),
    eventIds: countingIds(),
  };
  return {
    ports,
    store,
    scopes,
    clock,
    async register(registration) {
      const given: ClientRegistration = { client_id: randomUUID(), scope: "file:read file:write", ...registration };
      const registered = await registerClient(given, {
        ...{ ...ports, store, scopes, origin: cliOrigin("client_created") },
        ...{ authority: ownAuthority, owners: createSqlOwnerStore(db, sqlitePorts(clock)), accessTokenTtl: 600 },
      });
      if (!registered.ok) throw new Error(JSON.stringify(registered.error));
      const { client, generatedSecret } = registered.value;
      return { clientId: client.clientId, secret: (generatedSecret ?? given.secret?.value)?.reveal() ?? "" };
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const inTheBody = ({ clientId, secret }: Credentials): TokenRequestMessage =>
  tokenRequestMessage({
    body: new Redacted(`grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`),
  });

export const byBasic = ({ clientId, secret }: Credentials): TokenRequestMessage =>
  tokenRequestMessage({
    authorization: [new Redacted(`Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`)],
  });
