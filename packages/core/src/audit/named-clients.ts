import type { AuditEvent, ChangedObject } from "./event.ts";

/** Every client that an event names as proven or changed. By these ids an event is found. */
export function namedClients(event: AuditEvent): ReadonlySet<string> {
  const named = [
    event.actor.type === "client" ? event.actor.clientId : null,
    "clientId" in event ? event.clientId : null,
    ...("objects" in event ? event.objects.map(clientOf) : []),
  ];
  return new Set(named.filter((clientId) => clientId !== null));
}

const clientOf = ({ type, id, clientId }: ChangedObject): string | null => (type === "client" ? id : clientId);

/** How searches name an actor: the client id, or the type of any other actor. */
export const actorName = ({ actor }: Pick<AuditEvent, "actor">): string =>
  actor.type === "client" ? actor.clientId : actor.type;
