import { RevocationsStale, TokenInvalid } from "./errors.ts";
import { send } from "./http.ts";
import type { Issuer } from "./issuer.ts";
import { parseJws } from "./jws.ts";
import type { IssuerKey, KeySet } from "./key-set.ts";
import { Refresher } from "./refresher.ts";
import { parseRevocations, type RevocationList } from "./revocation-list.ts";
import { bareType, type Settings } from "./settings.ts";
import type { Warning } from "./warning.ts";

/** A snapshot with the key that vouches for it. */
interface SignedList {
  readonly list: RevocationList;
  readonly signer: IssuerKey & { readonly kid: string };
}

interface Held extends SignedList {
  readonly etag: string | null;
}

/** 32 MiB are 900,000 revoked tokens. */
const longestFeed = 32 * 1024 * 1024;

/**
 * Nodes of one service sign at different times, each at least every five seconds. So an answer that is older by a few
 * seconds is usual, and says like a 304 that nothing new happened.
 */
const usualSpread = 10;

/**
 * Keeps the newest snapshot of the revocation feed. It never goes back to an older one, and its age is that of its `iat`:
 * a 304 proves nothing. The issuer's JWKS decides which keys may vouch for a snapshot.
 */
export class RevocationFeed {
  readonly #settings: Settings;
  readonly #rules: Exclude<Settings["revocations"], false>;
  readonly #issuer: Issuer;
  readonly #refresher: Refresher;
  #held: Held | undefined;

  constructor(settings: Settings, rules: Exclude<Settings["revocations"], false>, issuer: Issuer) {
    this.#settings = settings;
    this.#rules = rules;
    this.#issuer = issuer;
    this.#refresher = new Refresher(() => this.#fetch(), settings.clock, {
      refreshAfter: 500,
      waitAfter: 1000,
      usableFor: rules.onStale === "warn" ? Number.POSITIVE_INFINITY : rules.staleAfter * 1000,
      retryAfter: 500,
    });
  }

  /** A promise to await before `current`, if there is one. Needs the issuer's facts. */
  ready(): Promise<void> | undefined {
    return this.#isOffered ? this.#refresher.ready() : undefined;
  }

  /**
   * The newest snapshot. Undefined if there is none and tokens may pass without.
   * @throws {RevocationsStale} The snapshot is older than `staleAfter`, or there is none, and `onStale` is `refuse`.
   */
  current(): RevocationList | undefined {
    if (!this.#isOffered && !this.#rules.isRequired) return undefined;
    const list = this.#held?.list;
    const age = list === undefined ? undefined : this.#settings.clock() / 1000 - list.issuedAt;
    // An `iat` in the future means that the clock was set back, so the age is not known
    if (age !== undefined && age <= this.#rules.staleAfter && age >= -this.#settings.clockTolerance) return list;
    const message = this.#isOffered
      ? `The newest known revocations are ${age === undefined ? "missing" : `${Math.round(age)} seconds old`}.`
      : "The issuer's metadata names no revocation feed (`revocations_uri`).";
    if (this.#rules.onStale === "refuse") throw new RevocationsStale(message);
    this.#warn("revocations_stale", `${message} Tokens are accepted all the same, as \`onStale\` says.`);
    return list;
  }

  /** Drops the snapshot, and with it the oldest accepted `iat`, if the key that signed it is no longer the issuer's. */
  dropUnless(keys: KeySet): void {
    if (this.#held === undefined || keys.texts.has(this.#held.signer.text)) return;
    this.#held = undefined;
    this.#refresher.reset();
  }

  get #isOffered(): boolean {
    return this.#issuer.current().revocationsUri !== undefined;
  }

  async #fetch(): Promise<void> {
    try {
      const { authorization } = this.#rules;
      const held = this.#held;
      const answer = await send(this.#settings, String(this.#issuer.current().revocationsUri), {
        limit: longestFeed,
        headers: {
          Accept: "application/revocations+jwt",
          ...(authorization && { Authorization: await authorization() }),
          ...(held?.etag && { "If-None-Match": held.etag }),
        },
      });
      if (answer.status === 304 && held !== undefined) return;
      if (answer.status !== 200) throw new Error(`the feed answered ${answer.status}`);
      await this.#accept(await this.#verify(answer.text), answer.headers.get("etag"));
    } catch (error) {
      if (!(error instanceof Distrust))
        this.#warn("revocations_unavailable", `The feed cannot be used: ${messageOf(error)}`);
      throw error;
    }
  }

  async #verify(text: string): Promise<SignedList> {
    const jws = parseJws(text);
    const { header, claims } = jws;
    let { keys } = this.#issuer.current();
    if (!keys.has(header.kid)) ({ keys } = await this.#issuer.afterUnknownKeyIn("feed"));
    const { kid, text: keyText } = await keys
      .findSigner(jws, this.#settings.algorithms)
      .catch((error) => this.#distrust(messageOf(error)));
    if (bareType(String(header.typ)) !== "revocations+jwt") this.#distrust("its `typ` is not revocations+jwt");
    if (claims["iss"] !== this.#settings.issuer) this.#distrust("its `iss` is another issuer");
    const list = parseRevocations(claims);
    if (list === undefined || kid === undefined) return this.#distrust("a member is missing");
    if (list.keys.has(kid)) this.#distrust("it names its own key as revoked");
    const now = this.#settings.clock() / 1000;
    const { clockTolerance } = this.#settings;
    if (list.expiresAt <= now - clockTolerance) this.#distrust("it has expired");
    if (list.issuedAt > now + clockTolerance) this.#distrust("its `iat` is in the future");
    return { list, signer: { kid, text: keyText } };
  }

  async #accept(signed: SignedList, etag: string | null): Promise<void> {
    await this.#settleDispute(signed);
    const held = this.#held; // Read only now, because another fetch may have ended meanwhile
    if (held?.list.keys.has(signed.signer.kid))
      this.#distrust("a key signed it that an accepted feed names as revoked");
    const olderBy = held === undefined ? 0 : held.list.issuedAt - signed.list.issuedAt;
    if (olderBy > 0 && olderBy <= usualSpread) return;
    if (olderBy > usualSpread) {
      this.#warn(
        "revocations_rolled_back",
        "The feed is older than the one that was accepted before. The newer one is kept.",
      );
      throw new Distrust();
    }
    this.#held = { ...signed, etag };
  }

  /** When a snapshot names the signer of another as revoked, a fresh JWKS says which of them still counts. */
  async #settleDispute({ list, signer }: SignedList): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    if (!list.keys.has(held.signer.kid) && !held.list.keys.has(signer.kid)) return;
    const { keys } = await this.#issuer.afterUnknownKeyIn("feed"); // Drops the held one if its key is gone
    if (!keys.texts.has(signer.text)) this.#distrust("a key signed it that the issuer no longer publishes");
  }

  #distrust(why: string): never {
    this.#warn("revocations_invalid", `The feed is not accepted: ${why}.`);
    throw new Distrust();
  }

  #warn(code: Warning["code"], message: string): void {
    this.#settings.warn({ code, message });
  }
}

/** Thrown after a warning was given. */
class Distrust extends Error {}

const messageOf = (error: unknown): string =>
  error instanceof TokenInvalid || error instanceof Error ? error.message : "unknown error";
