/**
 * Secrets that can be recognised wherever they turn up, in whatever spelling. Apart from the tests, because all of them
 * look for the same things: what each looks through is its own.
 *
 * What is looked through is what the service itself writes: answers, log lines, files, reports, and what `inspect` and
 * JSON show of its objects. Not covered: core dumps, heap snapshots and the inspector. They show the memory of the
 * process, which holds each secret while it is checked and each key while the process runs.
 */
import assert from "node:assert/strict";

/** A place where a secret was found. */
export interface Find {
  readonly secret: string;
  readonly spelling: string;
}

export class PlantedSecrets {
  readonly #spellings: { readonly name: string; readonly spelling: string; readonly text: string }[] = [];

  /** Plants a text: all of it in every spelling, and each 8 characters of it as they are. */
  text(name: string, secret: string): string {
    this.bytes(name, Buffer.from(secret));
    this.#add(name, "as it is", secret);
    this.#add(name, "in JSON", JSON.stringify(secret).slice(1, -1));
    this.#add(name, "percent-encoded", encodeURIComponent(secret));
    this.#add(name, "form-encoded", new URLSearchParams({ "": secret }).toString().slice(1));
    // Parsers and libraries quote a part of what they could not read: V8's JSON parser ten characters on each side
    for (let at = 0; at + 8 <= secret.length; at++) this.#add(name, "in part", secret.slice(at, at + 8));
    return secret;
  }

  /** Plants bytes, such as those of a key. */
  bytes(name: string, secret: Uint8Array): void {
    const bytes = Buffer.from(secret);
    const hex = bytes.toString("hex");
    const pairs = hex.match(/../g) ?? [];
    this.#add(name, "in hex", hex);
    this.#add(name, "in upper-case hex", hex.toUpperCase());
    this.#add(name, "as a Buffer is shown", pairs.slice(0, 40).join(" "));
    this.#add(name, "as an Uint8Array is shown", [...bytes].slice(0, 12).join(","));
    this.#add(name, "every byte percent-encoded", pairs.map((pair) => `%${pair}`).join(""));
    this.#add(name, "as raw bytes", bytes.toString("latin1"));
    for (const shift of [0, 1, 2]) {
      // What surrounds the secret changes the first and the last group, so they are left out
      const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
      const groups = Math.floor(shifted.length / 3);
      const whole = shifted.toString("base64").slice(shift === 0 ? 0 : 4, groups * 4);
      this.#add(name, `in base64, shifted by ${shift}`, whole);
      this.#add(name, `in base64url, shifted by ${shift}`, whole.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }

  #add(name: string, spelling: string, text: string): void {
    if (text.length < 8) throw new Error(`${name} is too short to be recognised ${spelling}`);
    this.#spellings.push({ name, spelling, text });
  }

  /** Which of them stand in a text or in bytes. */
  findIn(seen: string | Uint8Array): readonly Find[] {
    const text = Buffer.from(seen).toString("latin1");
    const closed = text.replace(/[\s]+/g, ""); // as a list of numbers or wrapped base64 would be broken up
    return this.#spellings
      .filter(({ text: spelled }) => {
        const latin = Buffer.from(spelled).toString("latin1");
        return text.includes(latin) || closed.includes(latin) || text.includes(spelled);
      })
      .map(({ name, spelling }) => ({ secret: name, spelling }));
  }

  assertAbsent(seen: string | Uint8Array, where: string): void {
    const finds = new Set(this.findIn(seen).map(({ secret, spelling }) => `${secret}, ${spelling}`));
    assert.deepEqual([...finds], [], `${where} shows a secret`);
  }
}
