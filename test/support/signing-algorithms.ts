import { setImmediate as endOfTurn } from "node:timers/promises";
import { type SigningAlgorithmName, signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import type { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService, type TestServiceOptions } from "@carnet/testkit/service";

/** How long the services below publish a key before it signs, in milliseconds. */
export const publicationTime = 2 * 300_000 + 10_000;

export const audienceOf = (algorithm: SigningAlgorithmName): string =>
  `https://${algorithm.toLowerCase()}.example.test`;

/** Each algorithm for an audience of its own, as the setting has it. */
export const audienceAlgorithms = signingAlgorithmNames.map((name) => `${audienceOf(name)}=${name}`).join(",");

/** Starts a service, and waits until it publishes as many keys. They do not sign yet. */
export async function startPublishing(
  count: number,
  { settings, ...options }: TestServiceOptions,
): Promise<TestService> {
  const service = await startTestService({ ...options, settings: { storeGrace: "0", ...settings } });
  const { keys } = service.server;
  while (keys.published.length < count) {
    await endOfTurn(); // the service makes them in the background
    await keys.refreshAnew();
  }
  return service;
}

/** Starts a service that signs with every algorithm, each for its own audience. ES256 is the default. */
export async function startWithAllAlgorithms(clock: FixedClock): Promise<TestService> {
  const service = await startPublishing(signingAlgorithmNames.length, { clock, settings: { audienceAlgorithms } });
  clock.advance(publicationTime);
  return service;
}
