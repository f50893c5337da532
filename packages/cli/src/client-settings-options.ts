import type { ClientChange } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import { addClaimsOptions, type ClaimsOptions, readClaimsOptions } from "./claims-options.ts";
import {
  choiceOrEmpty,
  collect,
  collectBlocks,
  collectPairs,
  definedOnly,
  durationOrEmpty,
  emptyIsNull,
  timeOrEmpty,
} from "./option-values.ts";

/** The flags for a client's settings, shared by `client create` and `client change`. */
export interface ClientSettingsOptions extends ClaimsOptions {
  readonly name?: string;
  readonly username?: string;
  readonly scope?: readonly string[];
  readonly scopePolicy?: string;
  readonly authMethod?: string;
  readonly tokenTtl?: number | "";
  readonly audience?: string;
  readonly expiresAt?: string;
  readonly allowIp?: readonly string[];
  readonly label?: readonly string[];
}

/** Maps members to the flags that set them. */
export const settingsFlags = {
  client_name: "--name",
  username: "--username",
  scope: "--scope",
  scope_policy: "--scope-policy",
  token_endpoint_auth_method: "--auth-method",
  access_token_ttl: "--token-ttl",
  audience: "--audience",
  expires_at: "--expires-at",
  ip_allowlist: "--allow-ip",
  labels: "--label",
  claims: "--claims",
} as const satisfies Record<Exclude<keyof ClientChange, "status" | "owner" | "role" | "role_owners">, string>;

export const addSettingsOptions = (command: Command): Command =>
  addClaimsOptions(command, 'Static claims of its tokens as JSON, such as \'{"tier":"gold"}\'; null removes a member')
    .option("--name <text>", "A display name")
    .option("--username <name>", "The user that it acts as; changing it revokes all its secrets at once")
    .option("--scope <names>", "The scopes it may get, separated by spaces; repeatable", collect)
    .addOption(
      choiceOrEmpty("--scope-policy <policy>", "What happens if it requests others (default: narrow)", [
        "narrow",
        "strict",
        "ignore",
      ]),
    )
    .addOption(
      choiceOrEmpty("--auth-method <method>", "The only authentication method it may use (default: any)", [
        "client_secret_basic",
        "client_secret_post",
      ]),
    )
    .option(
      "--token-ttl <duration>",
      "The lifetime of its tokens, such as 30m (default: the server's setting)",
      durationOrEmpty(1, 86_400),
    )
    .option(
      "--audience <uri>",
      "The audience of its tokens, or urn:carnet:admin for this service's own admin API (default: the server's setting)",
    )
    .option("--expires-at <time>", "When it expires, such as 2027-01-31T12:00:00Z (default: never)", timeOrEmpty)
    .option(
      "--allow-ip <blocks>",
      "The addresses it may call from, such as 203.0.113.0/24, separated by commas; repeatable (default: any)",
      collectBlocks,
    )
    .option("--label <name=value>", "A label; repeatable; an empty value removes it", collectPairs);

/** Converts the given flags to members of the admin API. An empty value becomes null. */
export const readSettingsOptions = (options: ClientSettingsOptions): ClientChange =>
  definedOnly({
    client_name: emptyIsNull(options.name),
    username: emptyIsNull(options.username),
    scope: emptyIsNull(options.scope?.join(" ")),
    scope_policy: emptyIsNull(options.scopePolicy),
    token_endpoint_auth_method: emptyIsNull(options.authMethod),
    access_token_ttl: options.tokenTtl === "" ? null : options.tokenTtl,
    audience: emptyIsNull(options.audience),
    expires_at: emptyIsNull(options.expiresAt),
    ip_allowlist: options.allowIp && [...options.allowIp],
    labels: options.label && Object.fromEntries(options.label.map(readLabel)),
    claims: readClaimsOptions(options),
  });

function readLabel(text: string): readonly [string, string | null] {
  const equals = text.indexOf("=");
  return [text.slice(0, equals), text.slice(equals + 1) || null];
}
