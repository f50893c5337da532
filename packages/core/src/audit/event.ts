import type { changeKinds } from "@carnet/protocol/admin/event-kinds";
import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import type { RoleName } from "@carnet/protocol/admin/roles";
import type { ClientPath } from "@carnet/protocol/endpoints";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { JsonValue } from "@carnet/protocol/json-merge-patch";
import type { Redacted } from "@carnet/protocol/redacted";
import type { RefusalKind, TokenErrorCode } from "@carnet/protocol/refusals";
import type { RefusalReason } from "../token/refusal-reason.ts";

/**
 * Everything that Carnet records: who did what, from where, to which objects, and how it ended. No event has a field for
 * a secret, a digest or a token. The journal, the store and the webhooks all get the same events.
 */
export type AuditEvent =
  | TokenIssued
  | TokenReturned
  | TokenRefused
  | ObjectsChanged
  | AdminRefused
  | ServiceStarted
  | ServiceStopped
  | CredentialsFileWritten
  | CredentialExpiring
  | RefusalsBurst
  | EventsLost;

export type EventKind = AuditEvent["event"];

/** What every event has. */
export interface EventFacts {
  /** Unique among all nodes. Drawn by `EventIds`. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** null: not part of a request. */
  readonly requestId: string | null;
  /** Who acted, as far as a secret or a token proved it. */
  readonly actor: Actor;
  /** null: not part of a request. */
  readonly address: string | null;
}

export type Actor =
  | {
      readonly type: "client";
      readonly clientId: ClientId;
      /** null: unknown, because only the client was proved. */
      readonly secretId: SecretId | null;
      /** The token that was issued, returned or sent. */
      readonly jti: string | null;
    }
  /** The command line, working on the store directly. */
  | { readonly type: "cli" }
  | { readonly type: "service" }
  /** Nobody has proved who they are. */
  | { readonly type: "unknown" };

/** What every event of a request has in which a client authenticates itself. */
export interface TokenRequestFacts extends EventFacts {
  readonly path: ClientPath;
  /** null: the request named no valid version, or its path has none. */
  readonly version: string | null;
}

export interface TokenIssued extends TokenRequestFacts {
  readonly event: "token_issued";
  readonly keyId: string;
  readonly scope: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** As the client asked; null: it asked for none. Not recorded as such, because people paste secrets anywhere. */
  readonly askedScope: Redacted<string> | null;
}

/** A token that was sent back to its holder. Not a use of the secret, and nothing was issued. */
export interface TokenReturned extends TokenRequestFacts {
  readonly event: "token_returned";
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface TokenRefused extends TokenRequestFacts {
  readonly event: "token_refused";
  readonly kind: RefusalKind;
  readonly error: TokenErrorCode;
  readonly reason: RefusalReason;
  readonly detail: string;
  /** What `explain` needs besides the reason, by name. */
  readonly facts: RefusalFacts;
  /** The client id of the request, which nobody proved. Not recorded unless a client has it: people paste secrets there. */
  readonly claimedClientId: Redacted<ClientId> | null;
}

export type RefusalFacts = Readonly<Record<string, string>>;

/** An operation that changes something. */
export type ChangeKind = (typeof changeKinds)[number];

/** The role of an admin client when it called. */
export interface RecordedRole {
  readonly name: RoleName;
  /** null: all owners. */
  readonly owners: readonly string[] | null;
}

export interface ObjectsChanged extends EventFacts {
  readonly event: ChangeKind;
  /** The role that permitted it. null: the actor is no admin client, or the event is older than roles. */
  readonly role: RecordedRole | null;
  /** `replayed`: the answer to an earlier request was sent again. `dry_run` and `unchanged`: nothing was changed. */
  readonly outcome: "done" | "unchanged" | "replayed" | "dry_run";
  readonly objects: readonly ChangedObject[];
  /** What is probably a mistake. */
  readonly warning: string | null;
  /** Of an import: the clients that were refused. */
  readonly refused?: readonly RefusedClients[] | undefined;
}

/** The clients of an import that one rule refused. Does not name them, because people paste secrets into any field. */
export interface RefusedClients {
  readonly reason: ProblemKind;
  /** The rule of `permit`. null: something else refused. Never sent to the caller. */
  readonly rule: string | null;
  readonly count: number;
  /** The places of the first ones in the request, from 0. At most a hundred in an event. */
  readonly positions: readonly number[];
}

export interface ChangedObject {
  readonly type: "client" | "secret" | "scope" | "owner" | "key" | "pepper" | "master_key" | "token" | "service";
  readonly id: string;
  /** The client that a secret or a token belongs to. */
  readonly clientId: ClientId | null;
  /** The owner of the client or of the secret's client, after the change if it still exists. null: of admin clients and others. */
  readonly owner: string | null;
  readonly action: "created" | "changed" | "deleted";
  /** By the name of the field in the admin API. */
  readonly changes: Readonly<Record<string, { readonly before: FieldValue; readonly after: FieldValue }>>;
}

export type FieldValue = JsonValue;

/** An admin call that was not carried out. */
export interface AdminRefused extends EventFacts {
  readonly event: "admin_refused";
  readonly operation: string;
  /** The role of the caller. null: it has none, or nobody proved who called. */
  readonly role: RecordedRole | null;
  readonly reason: ProblemKind;
  /** The rule of `permit` that refused. null: something else refused. Never sent to the caller. */
  readonly rule: string | null;
  readonly detail: string;
  /** The objects of the path, if they exist: people paste secrets anywhere. */
  readonly target: string | null;
  /** The owner of the client that `target` names, or the owner that it names. null: of scopes. */
  readonly targetOwner: string | null;
}

export interface ServiceStarted extends EventFacts {
  readonly event: "service_started";
  readonly version: string;
  readonly issuer: string;
}

export interface ServiceStopped extends EventFacts {
  readonly event: "service_stopped";
  /** Whether requests were cut off because they took longer than the drain timeout. */
  readonly cutOff: boolean;
}

/** The admin file was written. It contains the admin secret, so whoever can read it can act as that client. */
export interface CredentialsFileWritten extends EventFacts {
  readonly event: "credentials_file_written";
  readonly clientId: ClientId;
  readonly file: string;
}

/** A client or a secret ends soon. Recorded once for each warning time. */
export interface CredentialExpiring extends EventFacts {
  readonly event: "credential_expiring";
  readonly clientId: ClientId;
  /** null: the client itself. */
  readonly secretId: SecretId | null;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  readonly withinDays: number;
}

/** Many refusals in a short time. */
export interface RefusalsBurst extends EventFacts {
  readonly event: "refusals_burst";
  /** null: of unknown clients. */
  readonly clientId: ClientId | null;
  /** The address block, for unknown clients. */
  readonly addressBlock: string | null;
  readonly count: number;
  /** Seconds. */
  readonly within: number;
  /** The most frequent reason. */
  readonly reason: string;
}

/** Events that could not be written to the journal, such as on a full disk. */
export interface EventsLost extends EventFacts {
  readonly event: "events_lost";
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
