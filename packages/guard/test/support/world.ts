import assert from "node:assert/strict";
import { createGuard, type Guard, type GuardFailure, type GuardOptions, type Warning } from "@carnet/guard";
import { createTestIssuer, type TestIssuer, type TestIssuerOptions } from "@carnet/guard/testing";

type Responder = (init: RequestInit | undefined) => Response | Promise<Response>;

/** An issuer and a guard with one manual clock, and a network between them that tests can count and disturb. */
export interface World {
  readonly issuer: TestIssuer;
  readonly guard: Guard;
  readonly warnings: Warning[];
  readonly network: {
    /** The paths of all requests, in order. */
    readonly requests: string[];
    /** Answers a path instead of the issuer. Undefined restores the issuer. */
    answer(path: string, respond: Responder | undefined): void;
    /** Whether every request fails. */
    isDown: boolean;
    readonly fetch: typeof fetch;
  };
  /** Moves the clock. */
  pass(seconds: number): void;
  /** Makes another guard with other options in the same world. */
  guardWith(options: Partial<GuardOptions>): Guard;
  countOf(path: string): number;
}

export const paths = {
  metadata: "/.well-known/oauth-authorization-server",
  jwks: "/oauth2/jwks",
  feed: "/oauth2/revocations",
  introspection: "/oauth2/introspect",
} as const;

export async function openWorld(options: Partial<GuardOptions> = {}, about: TestIssuerOptions = {}): Promise<World> {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const issuer = await createTestIssuer({ clock, ...about });
  const answers = new Map<string, Responder>();
  const network: World["network"] = {
    requests: [],
    isDown: false,
    answer(path, respond) {
      if (respond === undefined) answers.delete(path);
      else answers.set(path, respond);
    },
    async fetch(input, init) {
      const { pathname } = new URL(String(input));
      network.requests.push(pathname);
      if (network.isDown) throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
      return answers.get(pathname)?.(init) ?? issuer.fetch(input, init);
    },
  };
  const warnings: Warning[] = [];
  const guardWith = (more: Partial<GuardOptions>) =>
    createGuard({
      ...issuer,
      fetch: network.fetch,
      onWarning: (warning) => warnings.push(warning),
      ...options,
      ...more,
    });
  return {
    issuer,
    guard: guardWith({}),
    warnings,
    network,
    pass(seconds) {
      now += seconds * 1000;
    },
    guardWith,
    countOf: (path) => network.requests.filter((each) => each === path).length,
  };
}

/**
 * Lets a refresh in the background end: everything in this world answers without waiting for time. Signatures are made and
 * checked on other threads, so each turn gives these threads work and waits until it is done.
 */
export async function settle(): Promise<void> {
  const work = new Uint8Array(200_000);
  for (let turn = 0; turn < 50; turn++) {
    await crypto.subtle.digest("SHA-256", work);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The failure that a verification ends with. */
export async function failureOf(verification: Promise<unknown>): Promise<GuardFailure> {
  const outcome = await verification.then(
    () => assert.fail("the token was accepted"),
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error && "challenge" in outcome, String(outcome));
  return outcome as GuardFailure;
}

/** Asserts that a token is refused as invalid for a reason. */
export async function assertInvalid(verification: Promise<unknown>, reason: string): Promise<void> {
  const failure = await failureOf(verification);
  assert.equal(failure.code, "TokenInvalid", failure.message);
  assert.equal("reason" in failure && failure.reason, reason, failure.message);
  assert.equal(failure.status, 401);
}
