import type { AlgorithmChoice, KeyTimes } from "@carnet/core/key/key-ring";
import { adminAudience, adminAudienceName } from "@carnet/protocol/admin/admin-scopes";
import { ok, type Result } from "@carnet/protocol/result";
import {
  isSigningAlgorithm,
  type SigningAlgorithmName,
  signingAlgorithmNames,
} from "@carnet/protocol/signing-algorithms";
import { setting } from "./setting.ts";
import { bad, duration } from "./setting-values.ts";

const names = signingAlgorithmNames.join(", ");
const rotationRange = duration(86_400, 3650 * 86_400, "s");
const cacheRange = duration(15, 86_400, "s"); // the unit of `max-age`

/** The keys that sign tokens. */
export const keySettings = {
  signingAlgorithm: setting<SigningAlgorithmName>({
    environment: "CARNET_SIGNING_ALGORITHM",
    flag: "--signing-algorithm <name>",
    description: "The algorithm that signs tokens, unless their audience has its own.",
    accepts: names,
    otherwise: "ES256",
    parse: (text) => (isSigningAlgorithm(text) ? ok(text) : bad),
  }),
  audienceAlgorithms: setting({
    environment: "CARNET_AUDIENCE_ALGORITHMS",
    flag: "--audience-algorithms <list>",
    description:
      "The algorithms for APIs that need another one than the default, by the audience of their tokens. The first key of an algorithm is published before it signs; until then the default signs.",
    accepts: `audiences and algorithms, such as https://api.example.com=RS256, separated by commas (urn:carnet:admin is the admin API); the algorithms are ${names}`,
    otherwise: "none",
    parse: parseAudiences,
  }),
  keyRotation: setting<number | null>({
    environment: "CARNET_KEY_ROTATION",
    flag: "--key-rotation <duration>",
    description:
      "The age at which a signing key is replaced by a new one, which is published before it signs. `never`: only `carnet key rotate` replaces keys.",
    accepts: `${rotationRange.accepts}, or never`,
    otherwise: "90d",
    parse: (text) => (text === "never" ? ok(null) : inMilliseconds(rotationRange.parse(text))),
  }),
  jwksMaxAge: setting({
    environment: "CARNET_JWKS_MAX_AGE",
    flag: "--jwks-max-age <duration>",
    description:
      "How long verifiers use the published keys before they ask for them again: the `max-age` of `/oauth2/jwks`. A new key signs after twice this time, CARNET_STORE_GRACE and ten seconds. Set it to the longest time that any of your verifiers caches keys.",
    accepts: cacheRange.accepts,
    parse: (text) => inMilliseconds(cacheRange.parse(text)),
    otherwise: "5m",
  }),
} as const;

const inMilliseconds = (seconds: Result<number, undefined>): Result<number, undefined> =>
  seconds.ok ? ok(seconds.value * 1000) : seconds;

function parseAudiences(text: string): Result<ReadonlyMap<string, SigningAlgorithmName>, string | undefined> {
  const audiences = new Map<string, SigningAlgorithmName>();
  for (const entry of text.split(",")) {
    const [, audience = "", name = ""] = /^\s*(\S.*?)\s*=\s*([^=]*?)\s*$/.exec(entry) ?? [];
    if (audience === "" || !isSigningAlgorithm(name) || audiences.has(audience)) return bad;
    audiences.set(audience, name);
  }
  return ok(audiences);
}

/** Which algorithm signs for whom. The admin audience can be named as in a client's registration. */
export const algorithmsOf = ({
  signingAlgorithm,
  audienceAlgorithms,
  issuer,
}: Pick<KeyConfiguration, "signingAlgorithm" | "audienceAlgorithms"> & {
  readonly issuer: string;
}): AlgorithmChoice => ({
  byDefault: signingAlgorithm,
  byAudience: new Map(
    [...audienceAlgorithms].map(([name, algorithm]) => [
      name === adminAudienceName ? adminAudience(issuer) : name,
      algorithm,
    ]),
  ),
});

/**
 * For the second in which nodes learn of a key and the seconds by which their clocks differ, in milliseconds. `jose` asks
 * for an unknown key at most every 30 seconds, so it must not have fetched the keys just before it was published.
 */
const margin = 10_000;

/** A node that cannot read the store may publish old keys for the grace, and verifiers may cache those afterwards. */
export const keyTimesOf = ({ jwksMaxAge, storeGrace }: KeyConfiguration): KeyTimes => ({
  jwksMaxAge,
  publication: 2 * jwksMaxAge + storeGrace + margin,
});

interface KeyConfiguration {
  readonly signingAlgorithm: SigningAlgorithmName;
  readonly audienceAlgorithms: ReadonlyMap<string, SigningAlgorithmName>;
  readonly jwksMaxAge: number;
  readonly storeGrace: number;
}
