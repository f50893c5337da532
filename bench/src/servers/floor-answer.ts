import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { audience, client, issuerAt, lifetime, scope } from "../workload.ts";
import { port } from "./port.ts";

/** The response of the floors: signed every time with a loaded key, and as long as Carnet's. */

const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const answerBytes = Number(process.env["FLOOR_ANSWER_BYTES"] ?? 0);
const header = encode({ typ: "at+jwt", alg: "ES256", kid: "0".repeat(43) });
const claims = encode({
  iss: issuerAt(port),
  sub: client.id,
  client_id: client.id,
  aud: audience,
  iat: 1_700_000_000,
  exp: 1_700_000_000 + lifetime,
  jti: randomUUID(),
  scope,
});
const signed = Buffer.from(`${header}.${claims}`);
const rest = `","expires_in":${lifetime},"scope":"${scope}","token_type":"Bearer"}`;
const padding = " ".repeat(Math.max(0, answerBytes - answer().length));

export const answerBody = (): string => answer() + padding;

function answer(): string {
  const signature = sign("sha256", signed, { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return `{"access_token":"${signed.toString("latin1")}.${signature}${rest}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
