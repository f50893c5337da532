import type { OwnerChange } from "@carnet/protocol/admin/owners";
import type { Command } from "commander";
import {
  collect,
  collectBlocks,
  definedOnly,
  durationOrEmpty,
  emptyIsNull,
  timeOrEmpty,
  wholeNumber,
} from "./option-values.ts";

/** The flags for an owner and its policy, shared by `owner create` and `owner change`. */
export interface OwnerOptions {
  readonly description?: string;
  readonly contact?: string;
  readonly scope?: readonly string[];
  readonly allowIp?: readonly string[];
  readonly maxTokenTtl?: number | "";
  readonly maxSecretAge?: number | "";
  readonly secretsMustExpire?: boolean;
  readonly maxClients?: number | "";
  readonly audience?: readonly string[];
  readonly workspace?: readonly string[];
  readonly username?: readonly string[];
  readonly enforceFrom?: string;
}

/** Maps members to the flags that set them. */
export const ownerFlags = {
  name: "<name>",
  description: "--description",
  contact: "--contact",
  scope: "--scope",
  ip_allowlist: "--allow-ip",
  max_token_ttl: "--max-token-ttl",
  max_secret_age: "--max-secret-age",
  secrets_must_expire: "--secrets-must-expire",
  max_clients: "--max-clients",
  audiences: "--audience",
  workspaces: "--workspace",
  usernames: "--username",
  enforce_from: "--enforce-from",
} as const;

export const addOwnerOptions = (command: Command): Command =>
  command
    .option("--description <text>", "What the team is")
    .option("--contact <text>", "Whom a refused caller should ask: a mail address, a channel or a page")
    .option(
      "--scope <names>",
      "The scopes its clients may have, separated by spaces; repeatable (default: every scope of the catalogue)",
      collect,
    )
    .option(
      "--allow-ip <blocks>",
      "The address blocks its clients must be limited to, separated by commas; repeatable (default: any)",
      collectBlocks,
    )
    .option("--max-token-ttl <duration>", "The longest lifetime of a token, such as 10m", durationOrEmpty(1, 86_400))
    .option(
      "--max-secret-age <duration>",
      "The longest time until a new secret expires, such as 90d",
      durationOrEmpty(1, 3653 * 86_400),
    )
    .option("--secrets-must-expire", "Each new secret must have an end")
    .option("--no-secrets-must-expire", "Secrets need no end")
    .option("--max-clients <number>", "How many clients it may have", (text) =>
      text === "" ? "" : wholeNumber(0, 1_000_000)(text),
    )
    .option(
      "--audience <uri>",
      "An audience its clients may be given besides the server's default, or '*' for any; repeatable",
      collect,
    )
    .option(
      "--workspace <id>",
      "A workspace its clients may be given, or '*' for any; repeatable (default: none)",
      collect,
    )
    .option(
      "--username <name>",
      "A username its clients may be given, or '*' for any; repeatable (default: none)",
      collect,
    )
    .option(
      "--enforce-from <time>",
      "When to disable clients that violate the policy, such as 2027-01-31 (default: never, they are only reported)",
      timeOrEmpty,
    );

/** Converts the given flags to members of the admin API. An empty value becomes null, or an empty list. */
export function readOwnerOptions(options: OwnerOptions): OwnerChange {
  const policy = definedOnly({
    scope: emptyIsNull(options.scope?.join(" ")),
    ip_allowlist: options.allowIp && [...options.allowIp],
    max_token_ttl: emptyIsNull(options.maxTokenTtl),
    max_secret_age: emptyIsNull(options.maxSecretAge),
    secrets_must_expire: options.secretsMustExpire,
    max_clients: emptyIsNull(options.maxClients),
    audiences: withoutEmpty(options.audience),
    workspaces: withoutEmpty(options.workspace),
    usernames: withoutEmpty(options.username),
    enforce_from: emptyIsNull(options.enforceFrom),
  });
  return definedOnly({
    description: emptyIsNull(options.description),
    contact: emptyIsNull(options.contact),
    policy: Object.keys(policy).length === 0 ? undefined : policy,
  });
}

const withoutEmpty = (values: readonly string[] | undefined): string[] | undefined =>
  values?.filter((value) => value !== "");
