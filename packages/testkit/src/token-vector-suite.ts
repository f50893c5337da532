import { after, before, test } from "node:test";
import { FixedClock } from "./fixed-clock.ts";
import { sendRaw } from "./raw-http.ts";
import { startTestService, type TestService } from "./service.ts";
import { assertTokenVector, readTokenVectors, type TokenVector } from "./token-vectors.ts";

/** Earlier than every time in the vectors, so that clients that are expired by then can be registered. */
const timeOfRegistration = "2020-01-01T00:00:00Z";

/**
 * Declares one test for each case of a file of `vectors/`, against a real service on a real socket. The file's own
 * settings override `settings`.
 */
export function testTokenVectors(name: string, settings: Readonly<Record<string, string>> = {}): void {
  const vectors = readTokenVectors(name);
  const clock = new FixedClock(timeOfRegistration);
  let service: TestService | undefined;

  before(async () => {
    const { issuer, audience, access_token_ttl: ttl } = vectors.server;
    service = await startTestService({
      clock,
      settings: { ...settings, issuer, audience, accessTokenTtl: String(ttl) },
    });
    for (const client of vectors.clients) await service.register(client);
    clock.set(vectors.now);
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  for (const vector of vectors.cases) {
    test(titleOf(vector), async () => {
      if (service === undefined) throw new Error("the service did not start");
      assertTokenVector(vector, await sendRaw(service.url, vector.request), vectors);
    });
  }
}

/** Ends with the obligation that a case proves, or with the source of the case. */
const titleOf = ({ name, source }: TokenVector): string =>
  source.startsWith("RFC ") ? `${name} [${source.replace("RFC ", "RFC")}]` : `${name} (${source})`;
