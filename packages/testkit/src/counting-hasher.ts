import { createHash } from "node:crypto";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import { err, ok, type Result } from "@carnet/protocol/result";

/** Hashes without a pepper and without being slow, and counts what is asked of it. */
export class CountingHasher implements SecretHasher {
  readonly counts = { fast: 0, slow: 0, compares: 0 };
  /** Whether slow hashes are turned away. */
  busy = false;

  digest(clientId: string, secret: string): Uint8Array {
    this.counts.fast++;
    return sha256(`fast\0${clientId}\0${secret}`);
  }

  async slowDigest(secret: string, salt: Uint8Array): Promise<Result<Uint8Array, "busy">> {
    this.counts.slow++;
    return this.busy ? err("busy") : ok(sha256(`slow\0${Buffer.from(salt).toString("hex")}\0${secret}`));
  }

  equal(left: Uint8Array, right: Uint8Array): boolean {
    this.counts.compares++;
    return Buffer.compare(left, right) === 0;
  }
}

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();
