import { SDK, type SDKOptions } from "@carnet/sdk";
import { LIMIT_MS, ManualClock } from "./manual-clock.ts";
import type { Network } from "./scripted-fetch.ts";

/** Credentials that do not occur by accident in any text of the SDK or a test. */
export const CLIENT_ID = "8f14e45f-ceea-467f-a8d3-3d9d1c1a6b11";
export const CLIENT_SECRET = "wk_secret:oa2c:Zx81kQ0p Lw3vN7tYb2Rd&ü/";

/** An SDK on an in-memory network with a manual clock and a fixed random source. */
export function sdkFor({ fetch }: Pick<Network, "fetch">, options: SDKOptions = {}): SDK {
  return new SDK({
    security: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
    serverURL: "https://api.example.test",
    httpClient: fetch,
    clock: new ManualClock({ skipWaits: true }),
    random: () => 0.5,
    timeoutMs: LIMIT_MS,
    ...options,
  });
}

/** The error of a call that is expected to fail. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => Promise.reject(new Error("the call did not fail")),
    (error: unknown) => error,
  );
}
