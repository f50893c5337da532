import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestService } from "@carnet/testkit/service";

test("a start with an algorithm that makes long tokens warns of it once, and with others does not", async () => {
  const warningsWith = async (settings: Readonly<Record<string, string>>) => {
    await using service = await startTestService({ settings });
    const lines = service.log.map((line) => JSON.parse(line));
    return lines.filter(({ event }) => event === "long_tokens").map(({ algorithm, detail }) => [algorithm, detail]);
  };
  assert.deepEqual(await warningsWith({ audienceAlgorithms: "https://old.example.test=RS256" }), []);
  const detail = (name: string, size: string) =>
    `a token signed with ${name} has about ${size}, and with ES256 0.6 kB: check that every proxy and API accepts headers of that size, that their libraries know ${name}, and that no library refuses the whole JWKS because of a key that it does not know`;
  assert.deepEqual(
    await warningsWith({ signingAlgorithm: "ML-DSA-44", audienceAlgorithms: "https://new.example.test=ML-DSA-65" }),
    [
      ["ML-DSA-44", detail("ML-DSA-44", "3.7 kB")],
      ["ML-DSA-65", detail("ML-DSA-65", "4.9 kB")],
    ],
  );
});
