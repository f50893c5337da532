import type { Actor, AuditEvent, ChangedObject } from "@carnet/core/audit/event";

/**
 * An event as JSON, with the names of the journal, the store, the admin API and the webhooks. The order of the first
 * members is fixed, because a search of the journal compares bytes: time, id, event, outcome, node, request_id, actor.
 */
export function eventJson(event: AuditEvent, node: string): string {
  const { id, at, requestId, actor, address } = event;
  const start = `{"time":"${isoTime(at)}","id":"${id}","event":"${event.event}","outcome":"${outcomeOf(event)}","node":${quote(node)},"request_id":${quote(requestId)},"actor":${actorJson(actor)},"address":${plain(address)}`;
  if (event.event === "token_issued")
    return `${start},"path":"${event.path}","version":${plain(event.version)},"key_id":"${event.keyId}","scope":"${event.scope}","expires_at":"${isoSecond(event.expiresAt)}"}`;
  return `${start},${JSON.stringify(detailsOf(event)).slice(1)}`;
}

type Outcome = "success" | "refused" | "unchanged" | "replayed" | "dry_run" | "failure";

function outcomeOf(event: AuditEvent): Outcome {
  switch (event.event) {
    case "token_refused":
    case "admin_refused":
    case "refusals_burst":
      return "refused";
    case "events_lost":
      return "failure";
    default:
      return "outcome" in event && event.outcome !== "done" ? event.outcome : "success";
  }
}

function detailsOf(event: Exclude<AuditEvent, { event: "token_issued" }>): object {
  switch (event.event) {
    case "token_returned":
      return { path: event.path, version: event.version, expires_at: isoSecond(event.expiresAt) };
    case "token_refused": {
      const { path, version, error, reason, detail, facts } = event;
      return { path, version, error, reason, detail, facts };
    }
    case "admin_refused": {
      const { operation, role, reason, rule, detail, target, targetOwner } = event;
      return { operation, role, reason, rule, detail, target, target_owner: targetOwner };
    }
    case "service_started":
      return { version: event.version, issuer: event.issuer };
    case "service_stopped":
      return { cut_off: event.cutOff };
    case "credentials_file_written":
      return { client_id: event.clientId, file: event.file };
    case "credential_expiring":
      return {
        client_id: event.clientId,
        secret_id: event.secretId,
        ends_at: isoTime(event.endsAt),
        within_days: event.withinDays,
      };
    case "refusals_burst":
      return {
        client_id: event.clientId,
        address_block: event.addressBlock,
        count: event.count,
        within_seconds: event.within,
        reason: event.reason,
      };
    case "events_lost":
      return { count: event.count, since: isoTime(event.since) };
    default:
      return {
        role: event.role,
        objects: event.objects.map(objectOf),
        warning: event.warning,
        ...(event.event === "clients_imported" && { refused: event.refused ?? [] }),
      };
  }
}

const objectOf = ({ type, id, clientId, owner, action, changes }: ChangedObject): object => ({
  type,
  ...(type === "client" ? { client_id: id } : { id, ...(clientId === null ? {} : { client_id: clientId }) }),
  ...(owner === null ? {} : { owner }),
  action,
  changes,
});

function actorJson(actor: Actor): string {
  if (actor.type !== "client") return `{"type":"${actor.type}"}`;
  return `{"type":"client","client_id":${quote(actor.clientId)},"secret_id":${plain(actor.secretId)},"jti":${plain(actor.jti)}}`;
}

/** For what callers and operators can choose. Most need no escape, and JSON.stringify takes twice as long. */
const quote = (text: string | null): string =>
  text !== null && needsNoEscape.test(text) ? `"${text}"` : JSON.stringify(text);
const needsNoEscape = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** For our own ids, addresses, versions and scopes, which never need an escape (RFC 6749 §3.3). */
const plain = (text: string | null): string => (text === null ? "null" : `"${text}"`);

let second = { at: Number.NaN, iso: "" };

/** A time in RFC 3339. Formatting takes a microsecond, so the text of the last second is kept. */
function isoTime(at: number): string {
  const milliseconds = at % 1000;
  if (at - milliseconds !== second.at) second = { at: at - milliseconds, iso: new Date(at).toISOString().slice(0, 20) };
  return `${second.iso}${milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""}${milliseconds}Z`;
}

let end = { at: Number.NaN, iso: "" };

/** The same for seconds. Kept apart, because tokens end in other seconds than they are issued. */
function isoSecond(at: number): string {
  if (at !== end.at) end = { at, iso: new Date(at * 1000).toISOString() };
  return end.iso;
}
