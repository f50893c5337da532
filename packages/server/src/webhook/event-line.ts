import type { EventKind } from "@carnet/core/audit/event";

/** What a line of text needs of the JSON of an event. See `eventJson`. */
export interface SentEvent {
  readonly time: string;
  readonly event: EventKind;
  readonly outcome: string;
  readonly actor: { readonly type: string; readonly client_id?: string };
  readonly role?: { readonly name: string; readonly owners: readonly string[] | null } | null;
  readonly objects?: readonly SentObject[];
  readonly objects_count?: number;
  readonly client_id?: string | null;
  readonly secret_id?: string | null;
  readonly ends_at?: string;
  readonly within_days?: number;
  readonly address_block?: string | null;
  readonly count?: number;
  readonly within_seconds?: number;
  readonly reason?: string;
  readonly file?: string;
}

interface SentObject {
  readonly type: string;
  readonly id?: string;
  readonly client_id?: string;
  readonly action: string;
  readonly changes: Readonly<Record<string, unknown>>;
}

/** How many objects and owners of an event, and characters of a value, a line shows. */
const maxObjects = 3;
const maxOwners = 3;
const maxCharacters = 80;

/** An event as one line of text for a chat. */
export function eventLine(event: SentEvent): string {
  const outcome = event.outcome === "success" || event.outcome === "refused" ? "" : ` (${event.outcome})`;
  return `${event.time} ${event.event}${outcome} ${detailsOf(event)}`;
}

function detailsOf(event: SentEvent): string {
  switch (event.event) {
    case "credential_expiring": {
      const what = event.secret_id ? `secret ${code(event.secret_id)} of client` : "client";
      return `${what} ${code(event.client_id)} ends at ${event.ends_at}, within ${event.within_days} days`;
    }
    case "refusals_burst": {
      const whose = event.client_id ? `client ${code(event.client_id)}` : `unknown clients from ${event.address_block}`;
      return `${event.count} refusals of ${whose} within ${event.within_seconds} seconds, most often ${code(event.reason)}`;
    }
    case "credentials_file_written":
      return `by ${actorOf(event)}: the credentials of client ${code(event.client_id)} in ${code(event.file)}`;
    default:
      return `by ${actorOf(event)}${roleOf(event)}: ${objectsOf(event)}`;
  }
}

const actorOf = ({ actor }: SentEvent): string =>
  actor.client_id === undefined ? actor.type : `client ${code(actor.client_id)}`;

function roleOf({ role }: SentEvent): string {
  if (role == null) return "";
  const { name, owners } = role;
  if (owners === null) return `, ${name} of all owners`;
  const hidden = owners.length - maxOwners;
  const shown = [...owners.slice(0, maxOwners).map(code), ...(hidden > 0 ? [`${hidden} more`] : [])];
  return `, ${name} of ${shown.join(" and ")}`;
}

function objectsOf({ objects = [], objects_count }: SentEvent): string {
  if (objects_count !== undefined) return `${objects_count} objects`;
  if (objects.length === 0) return "nothing changed";
  const shown = objects.slice(0, maxObjects).map(({ type, id, client_id, action, changes }) => {
    const name = id === undefined ? code(client_id) : `${code(id)}${client_id ? ` of client ${code(client_id)}` : ""}`;
    if (action !== "changed") return `${type} ${name} ${action}`;
    const fields = Object.keys(changes).join(", ");
    return `${type} ${name} ${fields === "" ? "not changed" : `changed (${fields})`}`;
  });
  const hidden = objects.length - shown.length;
  return shown.join(", ") + (hidden > 0 ? `, and ${hidden} more` : "");
}

/**
 * A value as inline code, in which chat services do not look for mentions and links. Slack wants `&`, `<` and `>`
 * escaped everywhere, see https://docs.slack.dev/messaging/formatting-message-text/.
 */
function code(value: string | null | undefined): string {
  const text = (value ?? "").replaceAll(/[`\p{Cc}]/gu, "'");
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return `\`${short.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}\``;
}
