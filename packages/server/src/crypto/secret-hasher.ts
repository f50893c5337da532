import { createHmac, createSecretKey, type KeyObject, scrypt, timingSafeEqual } from "node:crypto";
import type { SecretHasher } from "@carnet/core/client/secret-hasher";
import { err, ok, type Result } from "@carnet/protocol/result";

// 32 MiB and about a tenth of a second each; N, r and p are among those that OWASP's password storage page lists
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 } as const;
const digestLength = 32;

/** How many slow hashes run at once, and how many may wait for their turn. */
export interface SlowHashLimits {
  readonly concurrency: number;
  readonly queue: number;
}

/** HMAC-SHA-256 under the pepper for secrets that are random, and scrypt below it for those that people make up. */
export function createSecretHasher(
  pepper: Uint8Array,
  limits: SlowHashLimits = { concurrency: 2, queue: 64 },
): SecretHasher {
  const key = createSecretKey(pepper);
  const turns = new Turns(limits);
  return {
    digest: (clientId, secret) => createHmac("sha256", key).update(`${clientId}\0${secret}`).digest(),
    async slowDigest(secret, salt) {
      const turn = await turns.take();
      if (!turn.ok) return turn;
      try {
        return ok(peppered(key, await slowHash(secret, salt)));
      } finally {
        turns.giveBack();
      }
    },
    equal: (left, right) => left.length === right.length && timingSafeEqual(left, right),
  };
}

const peppered = (key: KeyObject, hash: Uint8Array) =>
  createHmac("sha256", key).update("scrypt\0").update(hash).digest();

const slowHash = (secret: string, salt: Uint8Array) =>
  new Promise<Buffer>((resolve, reject) => {
    scrypt(secret, salt, digestLength, cost, (error, derived) => (error ? reject(error) : resolve(derived)));
  });

class Turns {
  readonly #limits: SlowHashLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: SlowHashLimits) {
    this.#limits = limits;
  }

  async take(): Promise<Result<undefined, "busy">> {
    if (this.#running < this.#limits.concurrency) this.#running++;
    else if (this.#waiting.length >= this.#limits.queue) return err("busy");
    else await new Promise<void>((go) => this.#waiting.push(go));
    return ok(undefined);
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next(); // the turn passes on, so the number that runs stays
  }
}
