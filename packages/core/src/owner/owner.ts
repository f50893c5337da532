import { err, ok, type Result } from "@carnet/protocol/result";
import type { Cidr } from "../client/cidr.ts";

/** A team that owns clients, and what those clients may have. */
export interface Owner extends OwnerSettings {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Incremented by each change. */
  readonly version: number;
}

/** What an operator can change about an owner. */
export interface OwnerSettings {
  readonly description: string | null;
  /** Whom a refused caller should ask: a mail address, a channel, a page. */
  readonly contact: string | null;
  readonly policy: OwnerPolicy;
}

/** The bounds of an owner's clients. They hold for every admin. Admin clients have no policy. */
export interface OwnerPolicy {
  /** null: every scope of the catalogue. Scopes of this service are granted by platform admins, whatever this says. */
  readonly scopes: readonly string[] | null;
  /** Empty: any address. */
  readonly addressBlocks: readonly Cidr[];
  /** Seconds; null: any. */
  readonly maxTokenTtl: number | null;
  /** Seconds; null: any. A maximum means that each secret must expire. */
  readonly maxSecretAge: number | null;
  readonly secretsMustExpire: boolean;
  /** null: any number. */
  readonly maxClients: number | null;
  /** Besides the service's default. `*`: any. */
  readonly audiences: readonly string[];
  /** `*`: any. */
  readonly workspaces: readonly string[];
  /** `*`: any. */
  readonly usernames: readonly string[];
  /** When clients that violate the policy are disabled, in milliseconds since the epoch. null: they are only reported. */
  readonly enforceFrom: number | null;
}

/** The policy of an owner that is made without one. */
export const defaultPolicy: OwnerPolicy = {
  scopes: null,
  addressBlocks: [],
  maxTokenTtl: null,
  maxSecretAge: null,
  secretsMustExpire: false,
  maxClients: null,
  audiences: [],
  workspaces: [],
  usernames: [],
  enforceFrom: null,
};

export const anyValue = "*";

/** Owns the clients that name no other owner. Cannot be deleted. */
export const defaultOwner = "default";

export const ownerName = (text: string): Result<string, string> =>
  /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(text)
    ? ok(text)
    : err("must have 1 to 63 characters from A-Z, a-z, 0-9 and . _ -, with a letter or digit at both ends");
