import { revokeTokens } from "../admin/change-client.ts";
import { problemsText } from "../admin-problem.ts";
import { clientChanges } from "../audit/client-changes.ts";
import { changed, type EventIds, type Recorder, serviceOrigin } from "../audit/recorder.ts";
import type { Client } from "../client/client.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { Clock, RandomSource } from "../ports.ts";
import type { Owner } from "./owner.ts";
import type { OwnerStore } from "./owner-store.ts";
import { clientPages, type ViolationPorts } from "./owner-violations.ts";
import { violations } from "./policy.ts";

export interface EnforcementPorts extends ViolationPorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: Pick<ClientStore, "search" | "replace">;
  readonly owners: Pick<OwnerStore, "find" | "listEnforced">;
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
  /** The service's own token lifetime, in seconds. */
  readonly accessTokenTtl: number;
}

/** After this time, the clients of an owner are checked again although its policy is the same. Milliseconds. */
const checkAgainAfter = 3_600_000;

/** Disables active clients that violate the policy of their owner, from the policy's `enforceFrom` on. */
export class PolicyEnforcement {
  readonly #ports: EnforcementPorts;
  /** What was checked when: reading 100,000 clients takes seconds, and a change of a client cannot add a violation. */
  readonly #checked = new Map<string, { readonly createdAt: number; readonly version: number; readonly at: number }>();

  constructor(ports: EnforcementPorts) {
    this.#ports = ports;
  }

  /** Checks the clients of each owner whose policy is enforced by now and was not checked lately. */
  async run(): Promise<void> {
    const now = this.#ports.clock.now();
    for (const owner of await this.#ports.owners.listEnforced()) {
      if (!isEnforced(owner, now) || this.#isChecked(owner, now)) continue;
      await this.#enforce(owner.name);
      this.#checked.set(owner.name, { createdAt: owner.createdAt, version: owner.version, at: now });
    }
  }

  #isChecked({ name, createdAt, version }: Owner, now: number): boolean {
    const last = this.#checked.get(name);
    return last?.createdAt === createdAt && last.version === version && now - last.at < checkAgainAfter;
  }

  async #enforce(name: string): Promise<void> {
    for await (const clients of clientPages({ owner: name, status: "active" }, this.#ports)) {
      const owner = await this.#ports.owners.find(name); // for each page, because the policy may be relaxed meanwhile
      if (owner === undefined || !isEnforced(owner, this.#ports.clock.now())) return;
      for (const client of clients) await this.#check(client, owner);
    }
  }

  async #check(client: Client, owner: Owner): Promise<void> {
    const { name, policy } = owner;
    const { accessTokenTtl, clock, store, recorder } = this.#ports;
    const now = clock.now();
    const found = violations(client, policy, { accessTokenTtl, now });
    if (found.length === 0) return;
    const disabled: Client = { ...client, status: "disabled", updatedAt: now, version: client.version + 1 };
    const next = revokeTokens(disabled, this.#ports);
    const event = changed(
      {
        at: now,
        objects: clientChanges(client, next),
        warning: `it violates the policy of its owner ${name}: ${problemsText(found)}`,
      },
      { ...this.#ports, origin: serviceOrigin("client_disabled") },
    );
    // Another process may have disabled it, or an admin may have corrected it: the next check sees its new state
    if ((await store.replace(next, { event, owners: [owner] })) === "replaced") await recorder.record(event);
  }
}

/** Whether clients of an owner that violate its policy are disabled now. */
export const isEnforced = ({ policy }: Pick<Owner, "policy">, now: number): boolean =>
  policy.enforceFrom !== null && policy.enforceFrom <= now;
