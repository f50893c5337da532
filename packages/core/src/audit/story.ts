import type { Client } from "../client/client.ts";
import type { SecretUse } from "../client/client-secret.ts";
import type { Owner } from "../owner/owner.ts";
import type { ChangeKind } from "./event.ts";
import { actorName, type EventRecord, type RecordedObject } from "./event-record.ts";

/** One event, and what is known around it. */
export interface Story {
  readonly event: EventRecord;
  /** The client that the event is about, as it is now. Absent: the event names none, or none has the id. */
  readonly client?: Client | undefined;
  /** How many secrets of the client are live now. */
  readonly liveSecrets: number;
  /** The last use of any secret of the client. */
  readonly lastUse?: SecretUse | undefined;
  /** What was changed about the client, the newest first: see `changeOf`. */
  readonly changes: readonly EventRecord[];
  /** The refusals of the client in the hour before and the hour after, this one included. */
  readonly refusals: readonly EventRecord[];
  /** What a call wanted that was refused as foreign, if the client still exists. */
  readonly foreign?: ForeignTarget | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A client that did not exist for a caller, as it is now. */
export interface ForeignTarget {
  readonly clientId: string;
  /** undefined: an admin client, which belongs to no owner. */
  readonly owner: Pick<Owner, "name" | "contact"> | undefined;
}

/**
 * The part of an event that changed this client or its secrets. undefined: nothing of it did, because the client only
 * acted, or the call changed nothing.
 */
export function changeOf(clientId: string, event: EventRecord): EventRecord | undefined {
  const objects = event.objects?.filter(({ client_id }) => client_id === clientId) ?? [];
  return objects.length === 0 || event.outcome !== "success" ? undefined : { ...event, objects };
}

/** ` 2 days ago by ops-admin`, for the newest change before the event that did this to the client or the secret. */
export function whenAndByWhom(story: Story, did: (object: RecordedObject) => boolean, at?: string): string {
  const { event, changes, now } = story;
  const change = changes.find(({ time, objects = [] }) => time <= event.time && objects.some(did));
  const time = at ?? change?.time;
  const when = time === undefined ? "" : ` ${ago(Date.parse(time), now)}`;
  return change === undefined ? when : `${when} by ${actorName(change.actor)}`;
}

/** Whether a change gave the field of a client, or of the secret with this id, a value that holds. */
export const gave =
  (field: string, holds: (after: unknown) => boolean = (after) => after !== null, secretId?: string) =>
  ({ type, id, changes }: RecordedObject): boolean => {
    const change = changes[field];
    const isIt = secretId === undefined ? type === "client" : type === "secret" && id === secretId;
    return isIt && change !== undefined && holds(change.after);
  };

/** What happened to the client after the event, the newest first, or null. */
export function sinceThen(
  { event, client, lastUse, changes, now }: Story,
  clientId: string | undefined,
): string | null {
  if (clientId === undefined) return null;
  const later = changes.filter(({ time }) => time > event.time);
  const sentences = later.slice(0, 3).map(({ event: kind, actor, time, objects = [] }) => {
    const fields = objects
      .filter(({ type }) => type === "client")
      .flatMap(({ changes: changed }) => Object.keys(changed));
    const what = pastChanges[kind as ChangeKind] ?? "been changed";
    const named = kind === "client_changed" && fields.length > 0 ? ` (${fields.join(", ")})` : "";
    return `the client has since ${what}${named} by ${actorName(actor)}, ${ago(Date.parse(time), now)}`;
  });
  const isGone = client === undefined && !later.some(({ event: kind }) => kind === "client_deleted");
  const gone = isGone ? [`no client has the id ${clientId} now`] : [];
  const used =
    lastUse !== undefined && lastUse.at > Date.parse(event.time)
      ? [`the client has since used its secret, ${ago(lastUse.at, now)} from ${lastUse.from}`]
      : [];
  const all = [...used, ...gone, ...sentences];
  return all.length === 0 ? null : all.join("; ");
}

const pastChanges: Readonly<Partial<Record<ChangeKind, string>>> = {
  client_created: "been registered again",
  client_changed: "been changed",
  client_disabled: "been disabled",
  client_enabled: "been enabled again",
  client_deleted: "been deleted",
  clients_imported: "been imported",
  secret_added: "been given another secret",
  secrets_rotated: "been given a new secret",
  secret_revoked: "had a secret revoked",
  tokens_revoked: "had tokens revoked",
  admin_created: "been registered as the first admin",
  admin_reset: "been given a new admin secret",
};

const units = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

/** `2 days ago`, rounded down. */
export function ago(at: number, now: number): string {
  const [size, name] = units.find(([size]) => now - at >= size) ?? [];
  if (size === undefined) return "less than a minute ago";
  const count = Math.floor((now - at) / size);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}
