/**
 * The token endpoint with its real parts, as the service wires them, and a registry whose clients differ in nothing but
 * what is being compared. Apart from the tests, because what they compare must be built once and alike.
 */

import { createSecretKey, randomBytes, randomInt, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import type { KeptAnswerStore } from "@carnet/core/admin/idempotency";
import { addSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import { BoundedCache } from "@carnet/core/bounded-cache";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import { type ClientRegistration, registerClient } from "@carnet/core/client/register-client";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { formatGeneratedSecret, generatedSecretRandom, secretIdOf } from "@carnet/protocol/client-secret";
import { parseSecretId, secretIdAlphabet } from "@carnet/protocol/ids";
import { createSealer } from "@carnet/server/crypto/sealer";
import { createSecretHasher, type SlowHashLimits } from "@carnet/server/crypto/secret-hasher";
import { createSigner } from "@carnet/server/crypto/signing-key";
import { createStandInDraw, type StandInDraw } from "@carnet/server/crypto/stand-in-draw";
import { createTokenLog } from "@carnet/server/log/token-log";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { recordUses } from "@carnet/server/record-uses";
import { openSealedKeys } from "@carnet/server/store/sealed-keys";
import { createSqlAnswerStore } from "@carnet/server/store/sql-answer-store";
import { createSqlClientStore } from "@carnet/server/store/sql-client-store";
import { createSqlScopeStore } from "@carnet/server/store/sql-scope-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { pino } from "pino";

/** A client id with a secret that goes with it, or does not. */
export interface Credentials {
  readonly clientId: string;
  readonly secret: string;
}

/** Clients of a kind, each with its own right secret. All have the same three scopes. */
export type Kind =
  | "plain"
  | "disabled"
  | "expired"
  | "with an expired secret"
  | "with a revoked secret"
  | "with a pending secret"
  | "with an idle secret"
  | "with ten secrets"
  | "elsewhere"
  | "unknown";

export interface World extends AsyncDisposable {
  readonly ports: TokenEndpointPorts;
  readonly store: ClientStore & KeptAnswerStore;
  readonly scopes: ScopeCatalogue;
  /** The same clients by way of a store that finds stand-ins in another way. */
  storeThatDraws(draw: (own: StandInDraw) => StandInDraw): ClientStore;
  register(registration: Omit<ClientRegistration, "scope">): Promise<Credentials>;
  /** Registers some. The unknown are registered nowhere; the expired are once the clock is set to `later`. */
  populate(kind: Kind, count: number): Promise<readonly Credentials[]>;
  readonly clock: FixedClock;
}

/** Before anything expires in this registry, and after. */
export const earlier = "2026-06-01T00:00:00Z";
export const later = "2026-06-03T00:00:00Z";

type ClientTarget = { readonly clientId: string; readonly ifMatch: undefined };

const scope = "file:read file:write data_tables|r";

/** Opens a new registry in a folder of its own. Dispose of it to remove it. */
export async function openWorld(limits?: SlowHashLimits): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-work-"));
  const db = await openSqlite(join(folder, "carnet.db"));
  const clock = new FixedClock(earlier);
  const { pepper, signingKeys } = await openSealedKeys(db, createSealer(createSecretKey(randomBytes(32))), clock);
  const [signingKey] = signingKeys;
  if (signingKey === undefined) throw new Error("no signing key");
  const drawStandIn = createStandInDraw(pepper.reveal());
  const store = { ...createSqlClientStore(db, { clock, drawStandIn }), ...createSqlAnswerStore(db, clock) };
  const scopes = new ScopeCatalogue(createSqlScopeStore(db), true);
  const uses = new SecretUses(store);
  const nowhere = pino.destination({ dest: devNull, sync: true });
  const ports: TokenEndpointPorts = {
    policy: { issuer: "http://localhost", audience: "http://localhost", accessTokenTtl: 600, sunsetAt: Infinity },
    clock,
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID() },
    hasher: createSecretHasher(pepper.reveal(), limits),
    signer: createSigner(signingKey, (fault) => console.error(fault)),
    directory: new ClientDirectory(store, new PackedClients(1e8, 7)),
    uses,
    provenSecrets: new BoundedCache(10_000),
    recorder: recordUses(
      uses,
      createTokenLog({ isStalled: false, record: async (lines) => void nowhere.write(lines) }),
    ),
  };
  const register: World["register"] = async (registration) => {
    const given: ClientRegistration = { client_id: randomUUID(), scope, ...registration };
    const registered = await registerClient(given, { ...ports, store, scopes });
    if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    const { client, generatedSecret } = registered.value;
    return { clientId: client.clientId, secret: (generatedSecret ?? given.secret?.value)?.reveal() ?? "" };
  };
  const secretPorts = { ...ports, store };
  const registerThen = async (
    act: (target: ClientTarget, secretId: string) => Promise<unknown>,
  ): Promise<Credentials> => {
    const made = await register({});
    const secretId = secretIdOf(made.secret) ?? "";
    must(await act({ clientId: made.clientId, ifMatch: undefined }, secretId));
    return made;
  };
  const makers: Readonly<Record<Kind, () => Promise<Credentials>>> = {
    plain: () => register({}),
    disabled: () => register({ status: "disabled" }),
    expired: () => register({ expires_at: "2026-06-02" }),
    "with an expired secret": () => register({ secret: { expires_at: "2026-06-02" } }),
    "with a revoked secret": () => registerThen((target, secretId) => revokeSecret(target, secretId, secretPorts)),
    "with a pending secret": () => register({ secret: { not_before: "2026-07-01" } }),
    "with an idle secret": () =>
      registerThen(async (target) => {
        const rotated = await rotateSecrets(target, { end_old_when_idle_for: 3600 }, secretPorts);
        if (!rotated.ok) throw new Error(rotated.error.detail);
        const { client, secret } = rotated.value;
        // As many secrets as the other kinds have, so that nothing but the state differs
        const secrets = client.secrets.filter((other) => other !== secret);
        await store.replace({ ...client, secrets, version: client.version + 1 });
      }),
    "with ten secrets": () =>
      registerThen(async (target) => {
        for (let secrets = 1; secrets < 10; secrets++) must(await addSecret(target, {}, secretPorts));
      }),
    elsewhere: () => register({ ip_allowlist: ["203.0.113.0/24", "198.51.100.0/24"] }),
    unknown: async () => ({ clientId: randomUUID(), secret: newSecret() }),
  };
  return {
    ports,
    store,
    scopes,
    storeThatDraws: (draw) => createSqlClientStore(db, { clock, drawStandIn: draw(drawStandIn) }),
    clock,
    register,
    populate: (kind, count) => Promise.all(Array.from({ length: count }, makers[kind])),
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function must(outcome: unknown): void {
  const refused = typeof outcome === "object" && outcome !== null && "ok" in outcome && outcome.ok !== true;
  if (refused) throw new Error(JSON.stringify(outcome));
}

/** A well-formed generated secret that is nobody's. */
export function newSecret(): string {
  const draw = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  const { alphabet, length } = generatedSecretRandom;
  const secretId = parseSecretId(draw(secretIdAlphabet, 16));
  if (!secretId.ok) throw new Error(secretId.error);
  return formatGeneratedSecret(secretId.value, draw(alphabet, length));
}

/** The secret with its last characters changed, so that its checksum does not fit. */
export const mistype = (secret: string): string => secret.slice(0, -2) + (secret.endsWith("00") ? "11" : "00");
