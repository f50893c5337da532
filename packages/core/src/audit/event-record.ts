import type { ChangedObject, EventKind, RecordedRole, RefusalFacts, RefusedClients } from "./event.ts";

/** A recorded event as it is read back: the JSON that `eventJson` wrote, as far as an explanation needs it. */
export interface EventRecord {
  readonly time: string;
  readonly id: string;
  readonly event: EventKind;
  readonly outcome: string;
  readonly node: string;
  readonly request_id: string | null;
  readonly actor: RecordedActor;
  readonly address: string | null;
  /** Of an admin call. Events that are older than roles have none, and no owners. */
  readonly role?: RecordedRole | null;
  /** Of a token request. */
  readonly path?: string;
  readonly scope?: string;
  readonly expires_at?: string;
  /** Of a refusal. */
  readonly reason?: string;
  readonly detail?: string;
  readonly facts?: RefusalFacts;
  /** The client that a stored refusal is about, although nothing proved it. */
  readonly client_id?: string;
  /** Of a refused admin call. */
  readonly operation?: string;
  readonly target?: string | null;
  readonly target_owner?: string | null;
  readonly rule?: string | null;
  /** Of a change. */
  readonly objects?: readonly RecordedObject[];
  /** Of an import. */
  readonly refused?: readonly RefusedClients[];
}

export type RecordedActor =
  | {
      readonly type: "client";
      readonly client_id: string;
      readonly secret_id: string | null;
      readonly jti: string | null;
    }
  | { readonly type: "cli" | "service" | "unknown" };

export interface RecordedObject extends Pick<ChangedObject, "type" | "action" | "changes"> {
  readonly id?: string;
  readonly client_id?: string;
  readonly owner?: string;
}

/** The client that an event of the token endpoint is about, if a secret proved it or the store knows it. */
export const clientIdOf = ({ actor, client_id, facts }: EventRecord): string | undefined =>
  actor.type === "client" ? actor.client_id : (client_id ?? facts?.["client_id"]);

/** The secret that was sent, or that the token was issued for. */
export const secretIdOf = ({ actor, facts }: EventRecord): string | undefined =>
  (actor.type === "client" ? actor.secret_id : facts?.["secret_id"]) ?? undefined;

/** `operator of payments and search`. No owners are left if none of them exists for the reader. */
export const roleText = ({ name, owners }: RecordedRole): string =>
  `${name} of ${owners === null ? "all owners" : owners.join(" and ") || "other owners"}`;

export function actorName(actor: RecordedActor): string {
  switch (actor.type) {
    case "client":
      return actor.client_id;
    case "cli":
      return "the command line on the service's machine";
    case "service":
      return "the service";
    case "unknown":
      return "an unknown caller";
    default:
      return actor satisfies never;
  }
}
