import type { Actor, AuditEvent, ChangedObject } from "@carnet/core/audit/event";

/**
 * An event as JSON, with the names of the journal, the store, the admin API and the webhooks. The order of the first
 * members is fixed, because a search of the journal compares bytes: time, id, event, outcome, node, request_id, actor.
 */
export function eventJson(event: AuditEvent, node: string): string {
  const { id, at, requestId, actor, address } = event;
  const start = `{"time":"${isoTime(at)}","id":"${id}","event":"${event.event}","outcome":"${outcomeOf(event)}","node":${quote(node)},"request_id":${quote(requestId)},"actor":${actorJson(actor)},"address":${quote(address)}`;
  if (event.event === "token_issued")
    return `${start},"path":"${event.path}","version":${quote(event.version)},"key_id":"${event.keyId}","scope":${quote(event.scope)},"expires_at":"${isoSecond(event.expiresAt)}"}`;
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
    case "admin_refused":
      return { operation: event.operation, reason: event.reason, detail: event.detail, target: event.target };
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
      return { objects: event.objects.map(objectOf), warning: event.warning };
  }
}

const objectOf = ({ type, id, clientId, action, changes }: ChangedObject): object => ({
  type,
  ...(type === "client" ? { client_id: id } : { id, ...(clientId === null ? {} : { client_id: clientId }) }),
  action,
  changes,
});

function actorJson(actor: Actor): string {
  if (actor.type !== "client") return `{"type":"${actor.type}"}`;
  return `{"type":"client","client_id":${quote(actor.clientId)},"secret_id":${quote(actor.secretId)},"jti":${quote(actor.jti)}}`;
}

/** Most values need no escape, and JSON.stringify takes twice as long. */
const quote = (text: string | null): string =>
  text !== null && needsNoEscape.test(text) ? `"${text}"` : JSON.stringify(text);
const needsNoEscape = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Many events share a millisecond, and many tokens expire in the same second, so the last text of each is kept. */
function isoTimes(): (at: number) => string {
  let last = { at: Number.NaN, iso: "" };
  return (at) => {
    if (at !== last.at) last = { at, iso: new Date(at).toISOString() };
    return last.iso;
  };
}

const isoTime = isoTimes();
const isoEnd = isoTimes();
const isoSecond = (seconds: number): string => isoEnd(seconds * 1000);
