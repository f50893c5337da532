import type { TestIssuer } from "@carnet/guard/testing";
import { paths, type World } from "./world.ts";

export const secondsOf = (issuer: TestIssuer): number => issuer.clock() / 1000;

/** A feed that the issuer signs with its present key. */
export const feedOf = (issuer: TestIssuer, claims: object = {}, header: object = {}): Promise<string> => {
  const iat = secondsOf(issuer);
  const empty = { tokens: [], handles: [], keys: [], cut_offs: {}, issued_until: null };
  return issuer.issue({
    header: { typ: "revocations+jwt", ...header },
    claims: { iat, exp: iat + 30, ...empty, ...claims },
  });
};

/** Serves one feed, however old it is. */
export const serve = ({ network }: World, feed: string, headers: Record<string, string> = {}): void =>
  network.answer(paths.feed, () => new Response(feed, { headers }));

export const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
