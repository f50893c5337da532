import type { Actor, AuditEvent, ChangedObject } from "./event.ts";

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

/** The actors that are no clients, by the names of searches. */
const otherActors: readonly string[] = ["cli", "service", "unknown"] satisfies readonly Actor["type"][];

export const isOtherActor = (name: string): boolean => otherActors.includes(name);

/** By what a search finds the actor of an event: the client id, or the type of any other actor. */
export const searchedActor = ({ actor }: Pick<AuditEvent, "actor">): string =>
  actor.type === "client" ? actor.clientId : actor.type;
