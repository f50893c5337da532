import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { JWK } from "jose";

/** Forgeries that an attacker can make from a token. Every verifier must refuse each of them. */
export const alterations = {
  "other claims under the old signature": ({ token }) => {
    const { header, claims, signature } = decompose(token);
    return `${encode(header)}.${encode({ ...claims, scope: "admin" })}.${signature}`;
  },
  "one bit of the signature flipped": ({ token }) => {
    const { signature, signed } = decompose(token);
    const bytes = Buffer.from(signature, "base64url");
    bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10);
    return `${signed}.${bytes.toString("base64url")}`;
  },
  "no signature": ({ token }) => {
    const { header, claims } = decompose(token);
    return `${encode({ ...header, alg: "none" })}.${encode(claims)}.`;
  },
  "another key under the same key id": ({ token }) => {
    const { signed } = decompose(token);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  },
  "the public key as a shared secret": ({ token, publicKey }) => {
    const { header, claims } = decompose(token);
    const signed = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
    const pem = createPublicKey({ key: publicKey, format: "jwk" }).export({ type: "spki", format: "pem" });
    return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
  },
} as const satisfies Readonly<Record<string, (from: { token: string; publicKey: JWK }) => string>>;

function decompose(token: string) {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return { header: decode(header), claims: decode(claims), signature, signed: `${header}.${claims}` };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());
