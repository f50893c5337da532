/**
 * Plants secrets and finds them in any output and any encoding. All tests in this folder share it.
 *
 * The tests search what the service writes: responses, log lines, files, reports, and the output of `inspect` and JSON
 * for its objects. They do not search core dumps, heap snapshots or the inspector. Those show the memory of the process,
 * which contains each secret during its check and each key while the process runs.
 */
import assert from "node:assert/strict";
import { exportPrivateKey, type SigningKey } from "@carnet/server/crypto/signing-key";

/** A planted secret that was found, and the encoding in which it was found. */
export interface Find {
  readonly secret: string;
  readonly spelling: string;
}

export class PlantedSecrets {
  readonly #spellings: { readonly name: string; readonly spelling: string; readonly text: string }[] = [];

  /** Plants a text: the whole text in each encoding, and each run of 8 characters unencoded. */
  text(name: string, secret: string): string {
    this.bytes(name, Buffer.from(secret));
    this.#add(name, "unencoded", secret);
    this.#add(name, "in JSON", JSON.stringify(secret).slice(1, -1));
    this.#add(name, "percent-encoded", encodeURIComponent(secret));
    this.#add(name, "form-encoded", new URLSearchParams({ "": secret }).toString().slice(1));
    // Parsers quote a part of invalid input: V8's JSON parser quotes ten characters on each side of the error
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
      // The text around the secret changes the first and the last group, so they are left out
      const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
      const groups = Math.floor(shifted.length / 3);
      const whole = shifted.toString("base64").slice(shift === 0 ? 0 : 4, groups * 4);
      this.#add(name, `in base64, shifted by ${shift}`, whole);
      this.#add(name, `in base64url, shifted by ${shift}`, whole.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }

  /** Plants the private members of a signing key, and the whole key as it is stored. */
  key({ algorithm, privateKey }: SigningKey): void {
    const { d, p, q, dp, dq, qi, priv } = privateKey.export({ format: "jwk" }) as Readonly<Record<string, string>>;
    for (const [name, value] of Object.entries({ d, p, q, dp, dq, qi, priv }))
      if (value !== undefined) this.bytes(`${name} of the key of ${algorithm}`, Buffer.from(value, "base64url"));
    this.bytes(`the key of ${algorithm} in DER`, exportPrivateKey({ privateKey }));
  }

  #add(name: string, spelling: string, text: string): void {
    if (text.length < 8) throw new Error(`${name} is too short to be found ${spelling}`);
    this.#spellings.push({ name, spelling, text });
  }

  /** Finds the planted secrets in a text or in bytes. */
  findIn(seen: string | Uint8Array): readonly Find[] {
    const text = Buffer.from(seen).toString("latin1");
    const closed = text.replace(/[\s]+/g, ""); // lists of numbers and wrapped base64 contain line breaks
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
