import type { Security } from "../settings/security.ts";
import type { AccessToken } from "./bearer-token.ts";
import { type AskNow, type SlotPorts, TokenSlot } from "./token-slot.ts";

const MOST_SLOTS = 256;

/** What a token is wanted for. */
export interface Wanted {
  readonly security: Security;
  /** Sorted and each once; empty for all that the client has. */
  readonly scopes: readonly string[];
}

/**
 * The tokens of one SDK, keyed by token URL, client id, secret and scope set. It knows no HTTP, only how to ask; and it
 * keeps the tokens of one pair of credentials at a time, since others come only after a refusal of the ones before.
 */
export class TokenCache {
  readonly #ports: SlotPorts;
  readonly #asker: (wanted: Wanted) => AskNow;
  readonly #tokenURL: string;
  #owner: Security | undefined;
  #ownerKey = "";
  #slots = new Map<string, TokenSlot>();

  constructor(options: {
    readonly ports: SlotPorts;
    readonly asker: (wanted: Wanted) => AskNow;
    readonly tokenURL: string;
  }) {
    this.#ports = options.ports;
    this.#asker = options.asker;
    this.#tokenURL = options.tokenURL;
  }

  /** A token that may still be served, granted for these scopes or more; one that ages is renewed in the background. */
  peek({ security, scopes }: Wanted): AccessToken | undefined {
    const slots = this.#slotsOf(security);
    const exact = slots.get(keyOf(scopes));
    const slot = exact?.usable === undefined && scopes.length > 0 ? widest(slots, scopes) : exact;
    const held = slot?.usable;
    if (held !== undefined) slot?.refreshIfDue();
    return held?.token;
  }

  /** A new token; callers at the same time share one request. */
  next(
    wanted: Wanted,
    how: { readonly forced: boolean; readonly signal: AbortSignal | null | undefined },
  ): Promise<AccessToken> {
    const slots = this.#slotsOf(wanted.security);
    const key = keyOf(wanted.scopes);
    let slot = slots.get(key);
    if (slot === undefined) {
      makeRoom(slots);
      slot = new TokenSlot(this.#ports, this.#asker(wanted));
      slots.set(key, slot);
    }
    return slot.next(how.forced, how.signal);
  }

  /** Forgets one token, or all; answers that are still on their way are not kept. */
  drop(accessToken?: string): void {
    for (const slot of this.#slots.values()) slot.drop(accessToken);
  }

  #slotsOf(security: Security): Map<string, TokenSlot> {
    if (this.#owner === security) return this.#slots;
    const key = JSON.stringify([this.#tokenURL, security.clientId, security.clientSecret]);
    if (key !== this.#ownerKey) this.#slots = new Map();
    this.#owner = security;
    this.#ownerKey = key;
    return this.#slots;
  }
}

/** Unambiguous, as no scope holds a space (RFC 6749 §3.3). */
function keyOf(scopes: readonly string[]): string {
  return scopes.join(" ");
}

/** The slot whose token was granted for all these scopes and lasts longest. */
function widest(slots: ReadonlyMap<string, TokenSlot>, scopes: readonly string[]): TokenSlot | undefined {
  let best: TokenSlot | undefined;
  let until = Number.NEGATIVE_INFINITY;
  for (const slot of slots.values()) {
    const held = slot.usable;
    if (held !== undefined && held.usableUntil > until && scopes.every((scope) => held.granted.has(scope))) {
      best = slot;
      until = held.usableUntil;
    }
  }
  return best;
}

/** Keeps the number of slots bounded: what is idle goes first, then what is oldest. */
function makeRoom(slots: Map<string, TokenSlot>): void {
  if (slots.size < MOST_SLOTS) return;
  for (const [key, slot] of slots) if (slot.idle) slots.delete(key);
  for (const key of slots.keys()) {
    if (slots.size < MOST_SLOTS) return;
    slots.delete(key);
  }
}
