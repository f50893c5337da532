import { createHash } from "node:crypto";
import type { PepperedDigest, SecretHasher } from "@carnet/core/client/secret-hasher";
import { firstPepper } from "@carnet/core/pepper/pepper";
import { plainHasher } from "./plain-hasher.ts";

/** A hasher in the middle of a rotation, from the pepper of `plainHasher` to a second one. Counts what it hashes. */
export class TwoPeppers implements SecretHasher {
  readonly current = "second";
  hashes = 0;

  digest(clientId: string, secret: string): PepperedDigest {
    this.hashes++;
    const digest = createHash("sha256").update(`second\0${clientId}\0${secret}`).digest();
    return { digest, pepper: this.current, endsAt: null };
  }

  digests(clientId: string, secret: string): readonly PepperedDigest[] {
    this.hashes++;
    const old = { ...plainHasher.digest(clientId, secret), pepper: firstPepper, endsAt: Infinity };
    return [old, this.digest(clientId, secret)];
  }

  async catchUp(): Promise<boolean> {
    return false;
  }
}
