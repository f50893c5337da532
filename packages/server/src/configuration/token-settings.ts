import { label } from "@carnet/core/client/fields";
import { defaultSunset } from "@carnet/protocol/deprecation";
import { parseInstant } from "@carnet/protocol/instant";
import { ok } from "@carnet/protocol/result";
import { setting } from "./setting.ts";
import { bad, duration } from "./setting-values.ts";

/** Tokens, scopes and revocations. */
export const tokenSettings = {
  contact: setting({
    environment: "CARNET_CONTACT",
    flag: "--contact <text>",
    description: "Whom an admin should ask for a role or a policy, as refusals of the admin API name it.",
    accepts: "1 to 255 characters on one line, such as a mail address or a channel",
    otherwise: "a platform admin",
    parse: (text) => {
      const read = label(text);
      return read.ok ? read : bad;
    },
  }),
  accessTokenTtl: setting({
    environment: "CARNET_ACCESS_TOKEN_TTL",
    flag: "--access-token-ttl <duration>",
    description: "The lifetime of tokens, unless a client has its own.",
    ...duration(1, 86_400, "s"),
    otherwise: "10m",
  }),
  revocationFeed: setting<"public" | "token">({
    environment: "CARNET_REVOCATION_FEED",
    flag: "--revocation-feed <access>",
    description:
      "Who may read the revocation feed: everyone, or only callers that send an access token with the scope `carnet:introspect` or `carnet:introspect:all`.",
    accepts: "public, token",
    otherwise: "public",
    parse: (text) => (text === "public" || text === "token" ? ok(text) : bad),
  }),
  scopeCatalogue: setting({
    environment: "CARNET_SCOPE_CATALOGUE",
    flag: "--scope-catalogue <mode>",
    description: "Whether clients can have scopes that are not in the catalogue.",
    accepts: "closed, open",
    otherwise: "closed",
    parse: (text) => (text === "open" || text === "closed" ? ok(text) : bad),
  }),
  sunsetAt: setting({
    environment: "CARNET_SUNSET_AT",
    flag: "--sunset-at <time>",
    description: "When the deprecated path `/iam/v1/oauth2/token` starts to answer 410.",
    accepts: "a time like 2029-01-31T00:00:00Z",
    otherwise: `\`${new Date(defaultSunset).toISOString().replace(".000", "")}\``,
    parse: (text) => {
      const instant = text.includes("T") ? parseInstant(text) : undefined;
      return instant === undefined ? bad : ok(instant);
    },
  }),
} as const;
