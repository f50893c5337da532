import type { ChangedObject, RecordedEvent } from "@carnet/protocol/admin/audit-events";

type Role = NonNullable<Extract<RecordedEvent, { operation: unknown }>["role"]>;
type Changed = Extract<RecordedEvent, { objects: unknown }>;
type Imported = Extract<Changed, { event: "clients_imported" }>;

/** How many objects of bulk work one line names. `--json` has all of them. */
const maxNamed = 3;

/** An event in one line: when, who and what. */
export function describeEvent(event: RecordedEvent): string {
  const { time, actor } = event;
  const who = actor.type === "client" ? actor.client_id : actor.type;
  return `${time.slice(0, 19).replace("T", " ")}Z  ${who}  ${whatHappened(event)}`;
}

function whatHappened(event: RecordedEvent): string {
  switch (event.event) {
    case "token_issued":
      return `got a token for ${event.scope || "no scope"}${origin(event)}`;
    case "token_returned":
      return `got its own valid token again${origin(event)}`;
    case "token_refused":
      return `was refused a token: ${event.detail}${origin(event, event.reason)}`;
    case "admin_refused":
      return `was refused ${event.operation}${event.target === null ? "" : ` of ${event.target}`}: ${event.detail}${origin(event, event.reason)}`;
    case "service_started":
      return `started carnet ${event.version} on ${event.node} for ${event.issuer}`;
    case "service_stopped":
      return `stopped carnet on ${event.node}${event.cut_off ? ", and cut off requests" : ""}`;
    case "credentials_file_written":
      return `wrote the credentials of ${event.client_id} to ${event.file}`;
    case "credential_expiring":
      return `warns: ${subjectOfEnd(event)} ends at ${event.ends_at}, within ${days(event.within_days)}`;
    case "refusals_burst":
      return `warns: ${event.count} token requests ${subjectOfBurst(event)} refused within ${event.within_seconds} s, most of them because of ${event.reason}`;
    case "events_lost":
      return `warns: the journal could not be written since ${event.since}; ${lossOf(event)}`;
    case "client_created":
    case "client_changed":
    case "client_disabled":
    case "client_enabled":
    case "client_deleted":
    case "clients_imported":
    case "secret_added":
    case "secrets_rotated":
    case "secret_revoked":
    case "tokens_revoked":
    case "scope_put":
    case "scope_deleted":
    case "owner_created":
    case "owner_changed":
    case "owner_deleted":
    case "admin_created":
    case "admin_reset":
    case "key_created":
    case "key_rotated":
    case "key_imported":
    case "key_retired":
    case "key_revoked":
    case "pepper_rotated":
    case "pepper_ended":
    case "master_key_rotated":
    case "master_key_finished":
    case "master_key_cancelled":
      return `${describeChange(event)}${origin(event)}`;
    default:
      return unknownEvent(event);
  }
}

/** A newer service may have more kinds than this command knows. */
function unknownEvent(event: never): string {
  const { event: kind, outcome } = Object(event);
  return `${kind} (${outcome}); use a newer version of carnet to read it`;
}

/** Where a request came from, and how to ask for more. */
function origin(event: RecordedEvent, reason?: string): string {
  const { actor, address, request_id, outcome } = event;
  const rule = "rule" in event && event.rule ? `rule ${event.rule}` : undefined;
  const role = "role" in event && event.role ? roleOf(event.role) : undefined;
  const secret = actor.type === "client" && actor.secret_id !== null ? `secret ${actor.secret_id}` : undefined;
  const request = outcome === "refused" && request_id !== null ? `request ${request_id}` : undefined;
  const parts = [reason, rule, role, secret, address ?? undefined, request].filter((part) => part !== undefined);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** `operator of payments`. A service leaves out owners that do not exist for the reader. */
const roleOf = ({ name, owners }: Role): string =>
  `${name} of ${owners === null ? "all owners" : shortList(owners, " and ") || "other owners"}`;

/** What was done, in the past tense and after "tried to". The name of the first object follows. */
const headlines: Readonly<Record<Changed["event"], { readonly did: string; readonly tried: string }>> = {
  client_created: { did: "created client", tried: "create client" },
  client_changed: { did: "changed client", tried: "change client" },
  client_disabled: { did: "disabled client", tried: "disable client" },
  client_enabled: { did: "enabled client", tried: "enable client" },
  client_deleted: { did: "deleted client", tried: "delete client" },
  clients_imported: { did: "imported clients", tried: "import clients" },
  secret_added: { did: "added a secret to client", tried: "add a secret to client" },
  secrets_rotated: { did: "rotated the secrets of client", tried: "rotate the secrets of client" },
  secret_revoked: { did: "revoked a secret of client", tried: "revoke a secret of client" },
  tokens_revoked: { did: "revoked tokens of", tried: "revoke tokens" },
  scope_put: { did: "put scope", tried: "put scope" },
  scope_deleted: { did: "deleted scope", tried: "delete scope" },
  owner_created: { did: "created owner", tried: "create owner" },
  owner_changed: { did: "changed owner", tried: "change owner" },
  owner_deleted: { did: "deleted owner", tried: "delete owner" },
  admin_created: { did: "created the first admin client", tried: "create the first admin client" },
  admin_reset: { did: "reset the admin client", tried: "reset the admin client" },
  key_created: { did: "created signing key", tried: "create signing key" },
  key_rotated: { did: "rotated to signing key", tried: "rotate the signing key" },
  key_imported: { did: "imported signing key", tried: "import a signing key" },
  key_retired: { did: "retired signing key", tried: "retire a signing key" },
  key_revoked: { did: "revoked signing key", tried: "revoke a signing key" },
  pepper_rotated: { did: "rotated the pepper to", tried: "rotate the pepper" },
  pepper_ended: { did: "deleted the ended pepper", tried: "delete the ended pepper" },
  master_key_rotated: { did: "began to replace the master key by", tried: "replace the master key by" },
  master_key_finished: { did: "removed the old master key", tried: "remove the old master key" },
  master_key_cancelled: { did: "removed the new master key", tried: "remove the new master key" },
};

function describeChange(change: Changed): string {
  const { event, outcome, objects, warning } = change;
  const { did, tried } = headlines[event];
  const name = nameOf(objects[0]);
  const refused = "refused" in change ? refusedOf(change.refused ?? []) : "";
  if (outcome === "unchanged")
    return `tried to ${tried}${name}, but there was nothing to change${secretsOf(objects)}${refused}`;
  if (outcome === "dry_run")
    return `checked ${event === "clients_imported" ? "an import" : `a change of owner${name}`} in a dry run, which changes nothing${refused}`;
  const repeated = outcome === "replayed" ? "; a repeated request, which got the first answer again" : "";
  const ending = `${repeated}${warning === null ? "" : `; warning: ${warning}`}`;
  if (event === "clients_imported") return `imported ${clientsOf(objects)}${refused}${ending}`;
  const details = objects.map(detailsOf).filter((text) => text !== "");
  return `${did}${name}${details.length === 0 ? "" : `: ${shortList(details, "; ")}`}${ending}`;
}

function refusedOf(refused: NonNullable<Imported["refused"]>): string {
  if (refused.length === 0) return "";
  const total = refused.reduce((sum, { count }) => sum + count, 0);
  const reasons = refused.map(({ reason, rule, count }) => `${count} ${rule === null ? reason : `rule ${rule}`}`);
  return `; ${total} ${total === 1 ? "was" : "were"} refused: ${reasons.join(", ")}`;
}

function nameOf(object: ChangedObject | undefined): string {
  const name = object?.client_id ?? object?.id;
  return name === undefined ? "" : ` ${name}`;
}

function secretsOf(objects: readonly ChangedObject[]): string {
  const ids = objects.filter(({ type }) => type === "secret").map(({ id }) => `secret ${id}`);
  return ids.length === 0 ? "" : `: ${ids.join(", ")}`;
}

function clientsOf(objects: readonly ChangedObject[]): string {
  const ids = objects.filter(({ type }) => type === "client").map(({ client_id }) => client_id ?? "");
  return `${ids.length} ${ids.length === 1 ? "client" : "clients"}${ids.length === 0 ? "" : `: ${shortList(ids, ", ")}`}`;
}

function shortList(parts: readonly string[], separator: string): string {
  if (parts.length <= maxNamed + 1) return parts.join(separator);
  return `${parts.slice(0, maxNamed).join(separator)} and ${parts.length - maxNamed} more`;
}

function detailsOf({ type, id, action, changes }: ChangedObject, place: number): string {
  const fields = action === "deleted" ? [] : Object.entries(changes).flatMap((field) => fieldOf(field, action));
  if (type === "token") return `token ${id}`;
  if (type !== "secret" && !(type === "key" && place > 0)) return fields.join(", "); // the headline names it
  return `${action} ${type} ${id}${fields.length === 0 ? "" : ` (${fields.join(", ")})`}`;
}

/** A new object has many fields that are empty. */
function fieldOf([name, { before, after }]: [string, ChangedObject["changes"][string]], action: string): string[] {
  if (action !== "created") return [`${name} ${textOf(before)} -> ${textOf(after)}`];
  return isEmpty(after) ? [] : [`${name} ${textOf(after)}`];
}

type FieldValue = ChangedObject["changes"][string]["before"];

const isEmpty = (value: FieldValue): boolean => ["null", '""', "[]", "{}"].includes(JSON.stringify(value));

const textOf = (value: FieldValue): string => (value === null ? "none" : JSON.stringify(value));

const days = (count: number): string => (count === 1 ? "1 day" : `${count} days`);

/** With CARNET_JOURNAL_FULL=refuse, requests are refused, so that nothing needs to be lost. */
const lossOf = ({ count }: { count: number }): string =>
  count === 0 ? "no event was lost" : `${count} ${count === 1 ? "event was" : "events were"} lost`;

const subjectOfEnd = ({ client_id, secret_id }: { client_id: string; secret_id: string | null }): string =>
  secret_id === null ? `client ${client_id}` : `secret ${secret_id} of client ${client_id}`;

const subjectOfBurst = (burst: { client_id: string | null; address_block: string | null }): string =>
  burst.client_id === null
    ? `from ${burst.address_block ?? "unknown addresses"} of unknown clients were`
    : `of ${burst.client_id} were`;
