import { createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import type { KeyReader } from "@carnet/core/admin/keys";
import type { FieldProblem } from "@carnet/core/admin-problem";
import { Redacted } from "@carnet/protocol/redacted";
import { type Err, err, ok, type Result } from "@carnet/protocol/result";
import {
  isSigningAlgorithm,
  type SigningAlgorithmName,
  signingAlgorithmNames,
} from "@carnet/protocol/signing-algorithms";
import { signingAlgorithms } from "./signing-algorithms.ts";
import { exportPrivateKey, importSigningKey, type SigningKey } from "./signing-key.ts";

/** Reads private keys with `node:crypto`. Its errors are never passed on, because they may quote the key. */
export const keyReader: KeyReader = {
  async read(text, asked) {
    const source = text.reveal().trim();
    const jwk = source.startsWith("{") ? parseJwk(source) : undefined;
    const key = openKey(jwk ?? source);
    if (key === undefined) return refuse(source.includes("ENCRYPTED") ? encrypted : unreadable);
    const algorithm = algorithmFor(key, { asked, intended: jwk?.["alg"] });
    if (!algorithm.ok) return algorithm;
    if (!isForSigning(jwk ?? {})) return refuse("must be for signing: its `use` or `key_ops` says otherwise");
    const der = exportPrivateKey({ privateKey: key });
    const imported = await importSigningKey(algorithm.value, der);
    if (!isConsistent(imported)) return refuse("is damaged: its public part does not verify what it signs");
    const { keyId, publicJwk } = imported;
    return ok({ keyId, algorithm: algorithm.value, publicJwk, privateKey: new Redacted<Uint8Array>(der) });
  },
};

const unreadable =
  "must be an unencrypted private key: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK with all of its private members";
const encrypted = "must not be encrypted: decrypt it first with `openssl pkey`";
const unsupported =
  "must be a key on the curve P-256 or P-384, an Ed25519 key, an RSA key of 2048 to 4096 bits with a public exponent from 65537 to 2^31 - 1, or an ML-DSA-44 or ML-DSA-65 key";

const refuse = (detail: string, pointer = "/private_key"): Err<FieldProblem> => err({ pointer, detail });

function parseJwk(source: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(source));
  } catch {
    return undefined;
  }
}

function openKey(source: string | Readonly<Record<string, unknown>>): KeyObject | undefined {
  try {
    return typeof source === "string"
      ? createPrivateKey({ key: source, format: "pem" })
      : createPrivateKey({ key: source, format: "jwk" } as JsonWebKeyInput);
  } catch {
    return undefined;
  }
}

/** The algorithm that was asked for, else the one that the JWK names, else the first that fits the key. */
function algorithmFor(
  key: KeyObject,
  { asked, intended }: { asked: SigningAlgorithmName | undefined; intended: unknown },
): Result<SigningAlgorithmName, FieldProblem> {
  const fitting = signingAlgorithmNames.filter((name) => signingAlgorithms[name].accepts(key));
  const [first] = fitting;
  if (first === undefined) return refuse(unsupported);
  const names = fitting.join(" or ");
  if (intended !== undefined && !(typeof intended === "string" && fitting.some((name) => name === intended)))
    return refuse(`has an \`alg\` that does not fit it: it can be used for ${names}`);
  if (asked !== undefined && !fitting.includes(asked))
    return refuse(`does not fit the key, which can be used for ${names}`, "/algorithm");
  const named = typeof intended === "string" && isSigningAlgorithm(intended) ? intended : undefined;
  if (asked !== undefined && named !== undefined && asked !== named)
    return refuse(`differs from the \`alg\` of the JWK, which is ${named}`, "/algorithm"); // RFC 7517 §4.4
  return ok(asked ?? named ?? first);
}

/** RFC 7517 §4.2 and §4.3 */
const isForSigning = ({ use = "sig", key_ops: operations = ["sign"] }: Readonly<Record<string, unknown>>): boolean =>
  use === "sig" && Array.isArray(operations) && operations.includes("sign");

/** Whether the private and the public part belong together: OpenSSL does not check that for every kind of key. */
function isConsistent({ algorithm, privateKey, publicJwk }: SigningKey): boolean {
  const { sign, verify } = signingAlgorithms[algorithm];
  const data = Buffer.from("a test");
  try {
    return verify(data, createPublicKey({ key: publicJwk, format: "jwk" }), sign(data, privateKey));
  } catch {
    return false;
  }
}
