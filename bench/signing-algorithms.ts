// Prints the table of docs/operate/signing-algorithms.md: `node bench/signing-algorithms.ts`. Takes ten seconds.
import { createPublicKey } from "node:crypto";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { signingAlgorithms } from "@carnet/server/crypto/signing-algorithms";
import { createSigner, generateSigningKey } from "@carnet/server/crypto/signing-key";

const issuer = "https://tokens.example.com";
const claims = {
  ...{ iss: issuer, sub: "reports", client_id: "reports", aud: "https://api.example.com", iat: 1_790_000_000 },
  ...{ exp: 1_790_000_600, jti: "018f9a2e-5d0c-7c1b-9a55-3f0e2b7d6c41", scope: "file:read file:write" },
  rvk: ["AAAAAAAAAAA", "BBBBBBBBBBB"],
};

/** The median of the CPU time of a call, in microseconds, over slices of 100 ms. */
function cpuOf(call: () => void): number {
  const slices = Array.from({ length: 5 }, () => {
    const cpu = process.threadCpuUsage();
    const end = performance.now() + 100;
    let calls = 0;
    for (; performance.now() < end; calls++) call();
    const { user, system } = process.threadCpuUsage(cpu);
    return (user + system) / calls;
  });
  return slices.toSorted((left, right) => left - right)[2] ?? Number.NaN;
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |\n`;
const counted = (figure: number): string => Math.round(figure).toLocaleString("en");

process.stdout.write(row(["algorithm", "token", "key in the JWKS", "signing", "verifying"]));
process.stdout.write(row(["---", "---:", "---:", "---:", "---:"]));
for (const algorithm of signingAlgorithmNames) {
  const key = await generateSigningKey(algorithm);
  const publicKey = createPublicKey(key.privateKey);
  const { sign, verify } = signingAlgorithms[algorithm];
  const { token } = createSigner(key)(claims, "at+jwt");
  const signed = Buffer.from(token.slice(0, token.lastIndexOf(".")));
  const signature = Buffer.from(token.slice(token.lastIndexOf(".") + 1), "base64url");
  const times = [cpuOf(() => sign(signed, key.privateKey)), cpuOf(() => verify(signed, publicKey, signature))];
  const bytes = [token.length, JSON.stringify(key.publicJwk).length].map((count) => `${counted(count)} bytes`);
  process.stdout.write(row([algorithm, ...bytes, ...times.map((time) => `${counted(time)} µs`)]));
}
