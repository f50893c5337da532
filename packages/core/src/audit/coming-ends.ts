import type { Client } from "../client/client.ts";
import { type ClientQuery, type ClientStore, everyClient } from "../client/client-store.ts";
import { warningsOf } from "../client/expiry-warnings.ts";
import type { Clock } from "../ports.ts";
import type { CredentialExpiring } from "./event.ts";
import type { EventIds, Recorder } from "./recorder.ts";
import { day } from "./usage.ts";

/** A warning that a client or a secret ends soon. */
export interface ComingEnd {
  /** The id of the secret, or the id and the creation of the client: it can be deleted and registered again. */
  readonly subject: string;
  readonly event: CredentialExpiring;
}

/** Remembers which ends were announced, so that each warning is recorded once, whichever process finds it. */
export interface AnnouncedEnds {
  /** Stores the events of the ends that are not announced yet, and returns them. */
  announce(ends: readonly ComingEnd[]): Promise<readonly CredentialExpiring[]>;
  /** Forgets the ends that have passed. */
  forgetPast(now: number): Promise<void>;
}

export interface ComingEndsPorts {
  readonly store: Pick<ClientStore, "search">;
  readonly announcedEnds: AnnouncedEnds;
  readonly clock: Clock;
  readonly eventIds: EventIds;
  readonly recorder: Recorder;
}

/** The earliest warning, in days. Those of 60 and 90 days, which callers get with their tokens, would be noise here. */
const earliestWarning = 30;

/** Records `credential_expiring` for each active client and live secret that ends soon, once for each warning time. */
export async function announceComingEnds(ports: ComingEndsPorts): Promise<void> {
  const now = ports.clock.now();
  const endingBefore = now + earliestWarning * day + 1;
  let after: ClientQuery["after"] = null;
  do {
    const { clients, next } = await ports.store.search({ ...everyClient, status: "active", endingBefore, after });
    const ends = clients.flatMap((client) => comingEnds(client, now, ports.eventIds));
    for (const event of await ports.announcedEnds.announce(ends)) await ports.recorder.record(event);
    after = next;
  } while (after !== null);
  await ports.announcedEnds.forgetPast(now);
}

/** The warnings of a client and its live secrets that apply now. */
export const comingEnds = (client: Client, now: number, eventIds: EventIds): readonly ComingEnd[] =>
  warningsOf(client, now)
    .filter(({ withinDays }) => withinDays > 0 && withinDays <= earliestWarning)
    .map(({ secretId, endsAt, withinDays }) => ({
      subject: secretId ?? `${client.clientId} ${client.createdAt}`,
      event: {
        event: "credential_expiring",
        id: eventIds.next(),
        at: now,
        requestId: null,
        actor: { type: "service" },
        address: null,
        clientId: client.clientId,
        secretId,
        endsAt,
        withinDays,
      },
    }));
