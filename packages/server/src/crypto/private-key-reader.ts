import { createPrivateKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import type { KeyReader } from "@carnet/core/admin/keys";
import type { FieldProblem } from "@carnet/core/admin-problem";
import { Redacted } from "@carnet/protocol/redacted";
import { type Err, err, ok, type Result } from "@carnet/protocol/result";
import {
  isSigningAlgorithm,
  type SigningAlgorithmName,
  signingAlgorithmNames,
} from "@carnet/protocol/signing-algorithms";
import { compactVerify } from "jose/jws/compact/verify";
import { signingAlgorithms } from "./signing-algorithms.ts";
import { createSigner, exportPrivateKey, importSigningKey, type SigningKey } from "./signing-key.ts";

/** Reads private keys with `node:crypto`. Its errors are never passed on, because they may quote the key. */
export const keyReader: KeyReader = {
  async read(text, asked) {
    const source = text.reveal().trim();
    const jwk = source.startsWith("{") ? parseJwk(source) : undefined;
    const key = openKey(jwk ?? source);
    if (key === undefined) return refuse(source.includes("ENCRYPTED") ? encrypted : unreadable);
    const algorithm = algorithmFor(key, { asked, intended: jwk?.["alg"], use: jwk?.["use"] });
    if (!algorithm.ok) return algorithm;
    const der = exportPrivateKey({ privateKey: key });
    const imported = await importSigningKey(algorithm.value, der);
    if (!(await isConsistent(imported))) return refuse("is damaged: its public part does not verify what it signs");
    const { keyId, publicJwk } = imported;
    return ok({ keyId, algorithm: algorithm.value, publicJwk, privateKey: new Redacted<Uint8Array>(der) });
  },
};

const unreadable =
  "must be an unencrypted private key: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK with all of its private members";
const encrypted = "must not be encrypted: decrypt it first with `openssl pkey`";
const unsupported =
  "must be a key on the curve P-256 or P-384, an Ed25519 key, an RSA key of 2048 to 4096 bits, or an ML-DSA-44 or ML-DSA-65 key";

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
  { asked, intended, use }: { asked: SigningAlgorithmName | undefined; intended: unknown; use: unknown },
): Result<SigningAlgorithmName, FieldProblem> {
  const fitting = signingAlgorithmNames.filter((name) => signingAlgorithms[name].accepts(key));
  const [first] = fitting;
  if (first === undefined) return refuse(unsupported);
  if (use !== undefined && use !== "sig") return refuse("must be for signing: its `use` says otherwise"); // RFC 7517 §4.2
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

/** Whether the private and the public part belong together: OpenSSL does not check that for every kind of key. */
async function isConsistent(key: SigningKey): Promise<boolean> {
  try {
    const { token } = createSigner(key)({}, "JWT");
    await compactVerify(token, { ...key.publicJwk });
    return true;
  } catch {
    return false;
  }
}
