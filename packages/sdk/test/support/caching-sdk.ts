import type { AccessToken, SDK, SDKOptions } from "@carnet/sdk";
import { ManualClock } from "./manual-clock.ts";
import { type Network, network, type Sent, tokenAnswer } from "./scripted-fetch.ts";
import { sdkFor } from "./sdk-for.ts";

/** An SDK whose server numbers its tokens and grants the requested scopes, or `a b c`. */
export function cachingSdk(
  members: Record<string, unknown> = {},
  options: SDKOptions = {},
): { sdk: SDK; clock: ManualClock; net: Network } {
  const clock = new ManualClock();
  const net = network(({ form }: Sent, n) =>
    tokenAnswer({ access_token: `token-${n}`, scope: form.get("scope") ?? "a b c", ...members }),
  );
  return { sdk: sdkFor(net, { clock, ...options }), clock, net };
}

/** A network that waits for the test to answer each request. */
export function pausedNetwork(): { net: Network; answers: ((answer: Response) => void)[] } {
  const answers: ((answer: Response) => void)[] = [];
  const net = network(
    () =>
      new Promise<Response>((resolve) => {
        answers.push(resolve);
      }),
  );
  return { net, answers };
}

/** Lets pending callbacks run. */
export async function runPending(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** The token string. */
export const text = ({ accessToken }: AccessToken): string => accessToken;
