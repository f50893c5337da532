import { type Cidr, parseCidr } from "@carnet/protocol/cidr";
import { formatGeneratedSecret, generatedSecretRandom } from "@carnet/protocol/client-secret";
import { type ClientId, parseClientId, parseSecretId, type SecretId, secretIdAlphabet } from "@carnet/protocol/ids";
import { parseInstant } from "@carnet/protocol/instant";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import { parseScope } from "@carnet/protocol/scope";
import type { Clock, RandomSource } from "../ports.ts";
import { type Client, type ClientSecret, clientStatuses, scopePolicies, tokenEndpointAuthMethods } from "./client.ts";
import type { ClientStore } from "./client-store.ts";
import type { SecretHasher } from "./secret-hasher.ts";

/** What is known of a client before it is registered, as an operator writes it (RFC 7591 §2 names where it has them). */
export interface ClientRegistration {
  readonly client_id?: string | undefined;
  readonly client_name?: string | undefined;
  readonly scope?: string | undefined;
  readonly scope_policy?: string | undefined;
  readonly status?: string | undefined;
  /** An RFC 3339 date-time, or a date. */
  readonly expires_at?: string | undefined;
  readonly ip_allowlist?: readonly string[] | undefined;
  readonly token_endpoint_auth_method?: string | undefined;
  /** Seconds. */
  readonly access_token_ttl?: number | undefined;
  readonly workspace?: string | undefined;
  /** An existing secret to bring along. Without it one is generated. */
  readonly client_secret?: Redacted<string> | undefined;
  /** Whether a person made the existing secret up. One under 20 characters always counts so. */
  readonly human_secret?: boolean | undefined;
}

/** A field that cannot be taken as it is. Never repeats a secret. */
export interface FieldProblem {
  readonly field: keyof ClientRegistration;
  readonly problem: string;
}

export interface RegisteredClient {
  readonly client: Client;
  /** To be shown once: it is kept nowhere. Absent where an existing one was brought along. */
  readonly generatedSecret: Redacted<string> | undefined;
}

export interface RegistrationPorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly hasher: SecretHasher;
  readonly store: Pick<ClientStore, "insert">;
}

/** The shortest imported secret that is taken for random, in characters. */
const shortestRandomSecret = 20;

/**
 * Registers a client with one secret, generated here or brought along. Once it returns, the client is kept. Returns
 * every field that is wrong, and then nothing is kept.
 */
export async function registerClient(
  registration: ClientRegistration,
  ports: RegistrationPorts,
): Promise<Result<RegisteredClient, readonly FieldProblem[]>> {
  const now = ports.clock.now();
  const read = readRegistration(registration, now);
  if (!read.ok) return read;
  const { clientId: givenId, importedSecret, ...settings } = read.value;
  const clientId = givenId ?? (ports.random.uuid() as ClientId);
  const secret = await makeSecret({ clientId, imported: importedSecret, now }, ports);
  if (!secret.ok) return err([{ field: "client_secret", problem: secret.error }]);
  const client: Client = { ...settings, clientId, createdAt: now, secrets: [secret.value.kept] };
  if ((await ports.store.insert(client)) === "taken") {
    return err([{ field: "client_id", problem: "a client with this id is registered already" }]);
  }
  return ok({ client, generatedSecret: secret.value.shown });
}

type Settings = Omit<Client, "clientId" | "createdAt" | "secrets">;
type Registration = Settings & { clientId: ClientId | undefined; importedSecret: ImportedSecret | undefined };

interface ImportedSecret {
  readonly value: Redacted<string>;
  readonly human: boolean;
}

function readRegistration(given: ClientRegistration, now: number): Result<Registration, readonly FieldProblem[]> {
  const problems: FieldProblem[] = [];
  const read = <Value>(field: keyof ClientRegistration, result: Result<Value, string>, otherwise: Value): Value => {
    if (result.ok) return result.value;
    problems.push({ field, problem: result.error });
    return otherwise;
  };
  const registration: Registration = {
    clientId: read(
      "client_id",
      given.client_id === undefined ? ok(undefined) : parseClientId(given.client_id),
      undefined,
    ),
    clientName: read("client_name", label(given.client_name), null),
    scopes: read("scope", scopeNames(given.scope ?? ""), []),
    scopePolicy: read("scope_policy", oneOf(scopePolicies, given.scope_policy ?? "narrow"), "narrow"),
    status: read("status", oneOf(clientStatuses, given.status ?? "active"), "active"),
    expiresAt: read("expires_at", futureInstant(given.expires_at, now), null),
    ipAllowlist: read("ip_allowlist", blocks(given.ip_allowlist ?? []), []),
    tokenEndpointAuthMethod: read("token_endpoint_auth_method", authMethod(given.token_endpoint_auth_method), null),
    accessTokenTtl: read("access_token_ttl", lifetime(given.access_token_ttl), null),
    workspace: read("workspace", label(given.workspace), null),
    importedSecret: read("client_secret", existingSecret(given), undefined),
  };
  return problems.length === 0 ? ok(registration) : err(problems);
}

async function makeSecret(
  { clientId, imported, now }: { clientId: ClientId; imported: ImportedSecret | undefined; now: number },
  { random, hasher }: RegistrationPorts,
): Promise<Result<{ kept: ClientSecret; shown: Redacted<string> | undefined }, string>> {
  const secretId = drawSecretId(random);
  const common = { secretId, createdAt: now, expiresAt: null };
  if (imported === undefined) {
    const shown = formatGeneratedSecret(secretId, draw(generatedSecretRandom, random));
    const digest = hasher.digest(clientId, shown);
    return ok({ kept: { ...common, kind: "generated", digest, salt: noSalt }, shown: new Redacted(shown) });
  }
  if (!imported.human) {
    const digest = hasher.digest(clientId, imported.value.reveal());
    return ok({ kept: { ...common, kind: "imported", digest, salt: noSalt }, shown: undefined });
  }
  const salt = random.bytes(16);
  const digest = await hasher.slowDigest(imported.value.reveal(), salt);
  if (!digest.ok) return err("too many slow checks are waiting: try again");
  return ok({ kept: { ...common, kind: "human", digest: digest.value, salt }, shown: undefined });
}

const noSalt = new Uint8Array(0);

function drawSecretId(random: RandomSource): SecretId {
  const id = parseSecretId(draw({ alphabet: secretIdAlphabet, length: 16 }, random));
  if (!id.ok) throw new Error(id.error);
  return id.value;
}

/** Draws characters evenly: a byte that would favour some of them is drawn again. */
function draw({ alphabet, length }: { alphabet: string; length: number }, random: RandomSource): string {
  const limit = 256 - (256 % alphabet.length);
  let drawn = "";
  while (drawn.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && drawn.length < length) drawn += alphabet.charAt(byte % alphabet.length);
    }
  }
  return drawn;
}

function oneOf<Choice extends string>(choices: readonly Choice[], text: string): Result<Choice, string> {
  const choice = choices.find((candidate) => candidate === text);
  return choice === undefined ? err(`must be one of: ${choices.join(", ")}`) : ok(choice);
}

function scopeNames(text: string): Result<readonly string[], string> {
  const names = parseScope(text);
  return names.ok ? names : err(names.error.description);
}

const authMethod = (text: string | undefined) =>
  text === undefined ? ok(null) : oneOf(tokenEndpointAuthMethods, text);

function label(text: string | undefined): Result<string | null, string> {
  if (text === undefined) return ok(null);
  const printable = text.length > 0 && text.length <= 255 && text.isWellFormed() && !/\p{Cc}/u.test(text);
  return printable ? ok(text) : err("must have 1 to 255 characters and no control characters");
}

function futureInstant(text: string | undefined, now: number): Result<number | null, string> {
  if (text === undefined) return ok(null);
  const instant = parseInstant(text);
  if (instant === undefined) return err("must be a date like 2027-01-31, or a time like 2027-01-31T12:00:00Z");
  return instant > now ? ok(instant) : err("lies in the past: the client could never get a token");
}

function blocks(texts: readonly string[]): Result<readonly Cidr[], string> {
  const read = texts.map(parseCidr);
  const wrong = read.find((block) => !block.ok);
  return wrong === undefined ? ok(read.flatMap((block) => (block.ok ? [block.value] : []))) : wrong;
}

function lifetime(seconds: number | undefined): Result<number | null, string> {
  if (seconds === undefined) return ok(null);
  const fits = Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400;
  return fits ? ok(seconds) : err("must be a whole number of seconds from 1 to 86400");
}

function existingSecret(given: ClientRegistration): Result<ImportedSecret | undefined, string> {
  const value = given.client_secret?.reveal();
  if (value === undefined) {
    return given.human_secret ? err("is missing: human_secret says how to keep an existing one") : ok(undefined);
  }
  if (value === "" || value.length > 1024) return err("must have 1 to 1024 characters");
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) return err("must be text without control characters");
  return ok({
    value: new Redacted(value),
    human: given.human_secret === true || [...value].length < shortestRandomSecret,
  });
}
