import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { callerAddress, createProxyTrust } from "@carnet/server/http/caller-address";
import { liveBytes } from "@carnet/testkit/live-bytes";

const requests = 500;

function addressFrom(forwarded: string): string {
  const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: "10.0.0.1" });
  const request = new IncomingMessage(socket);
  request.headers["x-forwarded-for"] = forwarded;
  return callerAddress(request, createProxyTrust(["10.0.0.0/8"]));
}

test("an address that is kept does not keep the header that it came in", () => {
  assert.equal(addressFrom("198.51.100.0, 203.0.113.100"), "203.0.113.100");
  const before = liveBytes();
  const kept = Array.from({ length: requests }, (_, at) =>
    addressFrom(`${"x".repeat(15_000)}${at}, 203.0.113.${100 + (at % 100)}`),
  );
  const taken = (liveBytes() - before) / requests;
  assert.ok(taken < 2000, `${taken} bytes`);
  assert.equal(kept.length, requests);
});
