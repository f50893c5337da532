import type { Clock } from "@carnet/core/ports";
import { type RevocationFeedClaims, revocationFeedType } from "@carnet/protocol/revocation-feed";
import type { KeyRing } from "../crypto/key-ring.ts";
import { SingleFlight } from "../single-flight.ts";
import type { RevocationList } from "./revocation-list.ts";

/** A signed list of the live revocations. All answers share its bytes. */
export interface FeedSnapshot {
  readonly body: Buffer;
  readonly etag: string;
}

export interface RevocationFeed {
  /** Who may read it: everyone, or only callers that send a token with a scope for introspection. */
  readonly access: "public" | "token";
  /** The present snapshot. undefined: the store has been away for so long that the last one has expired. */
  current(): Promise<FeedSnapshot | undefined>;
}

export interface RevocationFeedPorts {
  readonly access: RevocationFeed["access"];
  readonly issuer: string;
  readonly list: Pick<RevocationList, "refreshIfOlder" | "readAt" | "version" | "subjects" | "cutOffs">;
  readonly keys: Pick<KeyRing, "sign" | "signingKeyId">;
  readonly clock: Clock;
}

/** How old the list may be when a request comes, in milliseconds. A read that finds nothing new is one probe of an index. */
const listAge = 250;

/** How long a request waits for the store, in milliseconds. */
const storeWait = 500;

/** After this many milliseconds a new snapshot is signed, so that verifiers notice a frozen feed. */
const signInterval = 5000;

/** How long a snapshot is valid, in milliseconds. */
const lifetime = 30_000;

/** Signs the live revocations when somebody asks for them and they have changed. Does nothing while nobody asks. */
export function createRevocationFeed({ access, issuer, list, keys, clock }: RevocationFeedPorts): RevocationFeed {
  let snapshot: (FeedSnapshot & Basis) | undefined;

  const basis = (): Basis => ({ readAt: list.readAt, version: list.version, keyId: keys.signingKeyId });

  const signing = new SingleFlight(async () => {
    const from = basis();
    const { token } = await keys.sign(claimsOf(list, issuer), revocationFeedType, null);
    const etag = `"${token.slice(token.lastIndexOf(".") + 1).slice(0, 22)}"`; // each signature is different
    snapshot = { ...from, etag, body: Buffer.from(token, "latin1") };
  });

  return {
    access,
    async current() {
      await within(storeWait, list.refreshIfOlder(listAge));
      if (clock.now() - list.readAt >= lifetime) return undefined;
      if (snapshot === undefined || isOutdated(snapshot, basis())) await signing.run();
      return snapshot;
    },
  };
}

/** What a snapshot was made from. */
interface Basis {
  readonly readAt: number;
  readonly version: number;
  readonly keyId: string;
}

const isOutdated = (made: Basis, now: Basis): boolean =>
  made.version !== now.version || made.keyId !== now.keyId || Math.abs(now.readAt - made.readAt) >= signInterval;

function claimsOf(list: RevocationFeedPorts["list"], issuer: string): RevocationFeedClaims {
  const { "": issuedUntil, ...cutOffs } = Object.fromEntries(list.cutOffs());
  return {
    iss: issuer,
    iat: list.readAt / 1000,
    exp: (list.readAt + lifetime) / 1000,
    tokens: [...list.subjects("token")],
    handles: [...list.subjects("client"), ...list.subjects("secret")],
    cut_offs: cutOffs,
    issued_until: issuedUntil ?? null,
    keys: [...list.subjects("key")],
  };
}

/** Waits for a read, but not for long. The background task reports why the store cannot be read. */
async function within(milliseconds: number, read: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, milliseconds);
  await Promise.race([read.catch(() => {}), late.promise]);
  clearTimeout(timer);
}
