import { err, ok, type Result } from "@carnet/protocol/result";
import type { FieldProblem } from "../admin-problem.ts";
import { type ClientSettings, clientStatuses, scopePolicies, tokenEndpointAuthMethods } from "./client.ts";
import { addressBlocks, audience, futureInstant, label, labels, oneOf, scopeNames, seconds } from "./fields.ts";

/**
 * The settings of a client as an operator writes them, with the names of RFC 7591 §2 where it has them. Left out: keep
 * the current value; null: back to the default (RFC 7396).
 */
export interface ClientSettingsInput {
  readonly client_name?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly scope?: string | null | undefined;
  readonly scope_policy?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  readonly ip_allowlist?: readonly string[] | null | undefined;
  readonly token_endpoint_auth_method?: string | null | undefined;
  readonly access_token_ttl?: number | null | undefined;
  readonly audience?: string | null | undefined;
  /** A label set to null is removed. */
  readonly labels?: Readonly<Record<string, string | null>> | null | undefined;
}

/** The settings of a client when nothing is set. */
export const defaultSettings: ClientSettings = {
  clientName: null,
  username: null,
  scopes: [],
  scopePolicy: "narrow",
  status: "active",
  expiresAt: null,
  ipAllowlist: [],
  tokenEndpointAuthMethod: null,
  accessTokenTtl: null,
  audience: null,
  labels: {},
};

/** The longest token lifetime, in seconds. */
const longestTtl = 86_400;

/** Applies an input to the current settings. Refuses with every field that is not accepted. */
export function readSettings(
  input: ClientSettingsInput,
  current: ClientSettings,
  now: number,
): Result<ClientSettings, readonly FieldProblem[]> {
  const problems: FieldProblem[] = [];
  const read = <Given, Value>(
    field: keyof ClientSettingsInput & string,
    given: Given | null | undefined,
    { is, otherwise, by }: { is: Value; otherwise: Value; by: (given: Given) => Result<Value, string> },
  ): Value => {
    if (given === undefined) return is;
    if (given === null) return otherwise;
    const value = by(given);
    if (value.ok) return value.value;
    problems.push({ pointer: `/${field}`, detail: value.error });
    return is;
  };
  const { clientName, username, scopes, scopePolicy, status, expiresAt, ipAllowlist } = current;
  const none = defaultSettings;
  const settings: ClientSettings = {
    clientName: read("client_name", input.client_name, { is: clientName, otherwise: null, by: label }),
    username: read("username", input.username, { is: username, otherwise: null, by: label }),
    scopes: read("scope", input.scope, { is: scopes, otherwise: none.scopes, by: scopeNames }),
    scopePolicy: read("scope_policy", input.scope_policy, {
      is: scopePolicy,
      otherwise: none.scopePolicy,
      by: (text: string) => oneOf(scopePolicies, text),
    }),
    status: read("status", input.status, {
      is: status,
      otherwise: none.status,
      by: (text: string) => oneOf(clientStatuses, text),
    }),
    expiresAt: read("expires_at", input.expires_at, {
      is: expiresAt,
      otherwise: null,
      by: (text: string) => futureInstant(text, now),
    }),
    ipAllowlist: read("ip_allowlist", input.ip_allowlist, {
      is: ipAllowlist,
      otherwise: none.ipAllowlist,
      by: addressBlocks,
    }),
    tokenEndpointAuthMethod: read("token_endpoint_auth_method", input.token_endpoint_auth_method, {
      is: current.tokenEndpointAuthMethod,
      otherwise: null,
      by: (text: string) => oneOf(tokenEndpointAuthMethods, text),
    }),
    accessTokenTtl: read("access_token_ttl", input.access_token_ttl, {
      is: current.accessTokenTtl,
      otherwise: null,
      by: (number: number) => seconds(number, longestTtl),
    }),
    audience: read("audience", input.audience, { is: current.audience, otherwise: null, by: audience }),
    labels: read("labels", input.labels, {
      is: current.labels,
      otherwise: none.labels,
      by: (given: Readonly<Record<string, string | null>>) => labels(mergeLabels(current.labels, given)),
    }),
  };
  return problems.length === 0 ? ok(settings) : err(problems);
}

/** Whether two clients have the same settings. The order of scopes matters, that of labels does not. */
export const sameSettings = (left: ClientSettings, right: ClientSettings): boolean => textOf(left) === textOf(right);

const settingNames = Object.keys(defaultSettings) as (keyof ClientSettings)[];

const textOf = ({ labels, ipAllowlist, ...plain }: ClientSettings): string =>
  JSON.stringify([
    settingNames.map((name) => (name in plain ? Reflect.get(plain, name) : null)),
    Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)),
    ipAllowlist.map((block) => block.text),
  ]);

/** RFC 7396 §2: a member that is null is removed. */
function mergeLabels(
  current: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const merged = Object.entries({ ...current, ...given });
  return Object.fromEntries(merged.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
