import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { SigningKey } from "@carnet/protocol/admin/keys";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

const keysOf = async (at: AdminService): Promise<readonly SigningKey[]> => Object(await at.json(["key", "list"])).keys;
const inOneLine = (text: string): string => text.replace(/\s+/g, " ");

suite("carnet key", () => {
  test("lists the keys as a table, and as JSON with their states", async () => {
    await using at = await startAdminService();
    const [key] = await keysOf(at);
    assert.deepEqual([key?.state, key?.algorithm], ["active", "ES256"]);
    const { stdout } = await at.carnet(["key", "list"], { env: { COLUMNS: "160" } });
    const [head = "", line = ""] = stdout.split("\n");
    assert.match(head, /^KEY +ALGORITHM +STATE +SIGNS FROM +REPLACED FROM +PUBLISHED UNTIL +AGE$/);
    assert.match(
      line,
      new RegExp(`^${key?.kid} +ES256 +active +${key?.active_from} +${key?.replaced_from} +- +\\d+m$`),
    );
  });

  test("rotates, says when the new key signs, and refuses a second time", async () => {
    await using at = await startAdminService();
    const { code, stdout, stderr } = await at.carnet(["key", "rotate"]);
    assert.deepEqual([code, stdout], [0, ""]);
    const upcoming = (await keysOf(at)).find(({ state }) => state === "upcoming");
    assert.equal(
      inOneLine(stderr),
      `Rotated to the key ${upcoming?.kid} (ES256). It is published now and signs from ${upcoming?.active_from}. `,
    );
    const again = await at.carnet(["key", "rotate"]);
    assertRefused(
      again,
      new RegExp(`the key ${upcoming?.kid} is upcoming .*\`carnet key rotate --algorithm ES256 --now\``, "s"),
    );
    const now = await at.carnet(["key", "rotate", "--now"]);
    assert.match(
      inOneLine(now.stderr),
      /^Rotated to the key \S+ \(ES256\), which signs now\. Warning: verifiers that cached/,
    );
    const states = (await keysOf(at)).map(({ state }) => state).sort();
    assert.deepEqual(states, ["active", "retiring"]);
  });

  test("warns of the token size of ML-DSA", async () => {
    await using at = await startAdminService();
    const { stderr } = await at.carnet(["key", "rotate", "--algorithm", "ML-DSA-65"]);
    assert.match(inOneLine(stderr), /Warning: a token signed with ML-DSA-65 has about 4\.9 kB/);
  });

  test("retires a key, and refuses the only one that signs", async () => {
    await using at = await startAdminService();
    const [active] = await keysOf(at);
    assertRefused(
      await at.carnet(["key", "retire", active?.kid ?? ""]),
      /make one first with `carnet key rotate --algorithm ES256`/,
    );
    const { key } = Object(await at.json(["key", "rotate"]));
    const { code, stderr } = await at.carnet(["key", "retire", key.kid]);
    assert.equal(code, 0);
    assert.match(inOneLine(stderr), /^Retired the key \S+\. Its tokens stay valid\. It is published until \S+\. $/);
    assertRefused(
      await at.carnet(["key", "retire", "no-such-key"]),
      /no key has this id \(request \S+\)\.\nList the keys with `carnet key list`\.\n$/,
    );
  });

  test("revokes a key after a question, and says who refuses its tokens from when", async () => {
    await using at = await startAdminService();
    const [old] = await keysOf(at);
    const kid = old?.kid ?? "";
    assertRefused(await at.carnet(["key", "revoke", kid]), /^carnet: Revoke the key .*Add --yes to confirm\./s);
    const missing = await at.carnet(["key", "revoke", "no-such-key"], { terminal: true });
    assertRefused(missing, /^carnet: Refused: no key has this id/);
    assert.doesNotMatch(missing.stderr, /\[y\/N\]/);
    const { code, stderr } = await at.carnet(["key", "revoke", kid, "--yes"]);
    assert.equal(code, 0, stderr);
    assert.match(
      inOneLine(stderr),
      /^Revoked the key \S+\. The key \S+ signs in its place, on every node from \S+Z\. Its tokens are refused by every process of the service from \S+Z, by APIs with @carnet\/guard from \S+Z, and by others from \S+Z\. Warning: callers with a token of the revoked key .* Warning: verifiers that cached the JWKS /,
    );
    assert.deepEqual(
      (await keysOf(at)).map(({ kid: id, state }) => [id === kid, state]),
      [
        [true, "revoked"],
        [false, "active"],
      ],
    );
  });

  test("imports PEM from a file and a JWK from standard input, and repeats nothing of what it refuses", async () => {
    await using at = await startAdminService();
    const file = join(at.service.folder, "key.pem");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    const { key } = Object(await at.json(["key", "import", "-f", file]));
    assert.deepEqual([key.algorithm, key.state], ["RS256", "upcoming"]);
    const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
    const piped = await at.carnet(["key", "import", "-f", "-"], { input: JSON.stringify(jwk) });
    assert.match(inOneLine(piped.stderr), /^Imported the key \S+ \(ES256\)\. It is published now and signs from /);
    writeFileSync(file, "planted-0123456789");
    const refused = await at.carnet(["key", "import", "-f", file]);
    assertRefused(refused, /--file must be an unencrypted private key: PEM/);
    assert.doesNotMatch(refused.stderr, /planted/);
    const wrong = await at.carnet(["key", "import", "-f", "-", "--algorithm", "RS256"], { input: JSON.stringify(jwk) });
    assertRefused(wrong, /--algorithm does not fit the key, which can be used for ES256/);
    writeFileSync(file, "x".repeat(16_385));
    assertRefused(await at.carnet(["key", "import", "-f", file]), /too large for a private key: the limit is 16 KiB/);
    const none = join(at.service.folder, "none.pem");
    assertRefused(
      await at.carnet(["key", "import", "-f", none]),
      /cannot be read \(ENOENT\)\. Check the path after --file/,
    );
  });

  test("takes an id that begins with a hyphen for an id, wherever it stands", async () => {
    await using at = await startAdminService();
    for (const kid of [`-h${"a".repeat(41)}`, `--yes${"a".repeat(38)}`])
      for (const words of [
        ["revoke", kid, "--yes"],
        ["revoke", "--yes", kid],
        ["retire", kid],
        ["export-public", kid],
      ])
        assertRefused(await at.carnet(["key", ...words]), /^carnet: Refused: no key has this id/);
  });

  test("exports the public part as PEM and as a JWK", async () => {
    await using at = await startAdminService();
    const [key] = await keysOf(at);
    const kid = key?.kid ?? "";
    const { stdout } = await at.carnet(["key", "export-public", kid]);
    const { x, y } = createPublicKey(stdout).export({ format: "jwk" });
    assert.deepEqual({ x, y }, { x: key?.public_jwk["x"], y: key?.public_jwk["y"] });
    assert.deepEqual(JSON.parse((await at.carnet(["key", "export-public", kid, "--jwk"])).stdout), key?.public_jwk);
    assert.deepEqual(await at.json(["key", "export-public", kid]), key?.public_jwk);
    assertRefused(await at.carnet(["key", "export-public", "no-such-key"]), /no key has this id/);
    const both = await at.carnet(["key", "export-public", kid, "--pem", "--jwk"]);
    assert.equal(both.code, 2);
  });
});
