import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { JWK } from "jose";

/** What an attacker makes of a token that it holds. Each must be refused by every verifier. */
export const alterations = {
  "other claims under the old signature": ({ token }) => {
    const { header, claims, signature } = taken(token);
    return `${encode(header)}.${encode({ ...claims, scope: "admin" })}.${signature}`;
  },
  "one bit of the signature turned over": ({ token }) => {
    const { signature, signed } = taken(token);
    const bytes = Buffer.from(signature, "base64url");
    bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10);
    return `${signed}.${bytes.toString("base64url")}`;
  },
  "no signature": ({ token }) => {
    const { header, claims } = taken(token);
    return `${encode({ ...header, alg: "none" })}.${encode(claims)}.`;
  },
  "another key under the same key id": ({ token }) => {
    const { signed } = taken(token);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  },
  "the public key as a shared secret": ({ token, publicKey }) => {
    const { header, claims } = taken(token);
    const signed = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
    const pem = createPublicKey({ key: publicKey, format: "jwk" }).export({ type: "spki", format: "pem" });
    return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
  },
} as const satisfies Readonly<Record<string, (from: { token: string; publicKey: JWK }) => string>>;

function taken(token: string) {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return { header: decode(header), claims: decode(claims), signature, signed: `${header}.${claims}` };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());
