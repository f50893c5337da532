import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { test } from "node:test";
import { parseAddress, parseCidr } from "@carnet/core/client/cidr";
import { anyText } from "@carnet/testkit/any-text";
import { assertLinear } from "@carnet/testkit/linear-time";
import fc from "fast-check";

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((address) => isIP(address) === 6 && !parseCidr(`${address}/128`).ok === false);

function contains(block: string, address: string): boolean {
  const cidr = parseCidr(block);
  const parsed = parseAddress(address);
  assert.ok(cidr.ok && parsed, `${block} ${address}`);
  return cidr.value.contains(parsed);
}

test("a block contains the same addresses as the platform's BlockList, for IPv4 and IPv6", () => {
  fc.assert(
    fc.property(v4, v4, fc.nat(32), (base, address, bits) => {
      const list = new BlockList();
      list.addSubnet(base, bits, "ipv4");
      assert.equal(contains(`${base}/${bits}`, address), list.check(address, "ipv4"));
      assert.equal(contains(`${base}/${bits}`, base), true);
    }),
  );
  fc.assert(
    fc.property(v6, v6, fc.nat(128), (base, address, bits) => {
      const list = new BlockList();
      list.addSubnet(base, bits, "ipv6");
      assert.equal(contains(`${base}/${bits}`, base), true);
      if (!/^::ffff:/i.test(address)) assert.equal(contains(`${base}/${bits}`, address), list.check(address, "ipv6"));
    }),
  );
});

test("the text of a block parses to the same block and has no space", () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(v4, fc.nat(32)), fc.tuple(v6, fc.nat(128))), ([base, bits]) => {
      const cidr = parseCidr(`${base}/${bits}`);
      assert.ok(cidr.ok);
      assert.ok(!cidr.value.text.includes(" "));
      const again = parseCidr(cidr.value.text);
      assert.ok(again.ok);
      assert.equal(again.value.text, cidr.value.text);
      assert.equal(contains(cidr.value.text, base), true);
    }),
  );
});

test("an IPv4 address mapped into IPv6 is the IPv4 address", () => {
  for (const mapped of ["::ffff:203.0.113.7", "::FFFF:203.0.113.7", "::ffff:cb00:7107", "0:0:0:0:0:ffff:203.0.113.7"]) {
    assert.equal(contains("203.0.113.0/24", mapped), true, mapped);
    assert.equal(contains("203.0.114.0/24", mapped), false, mapped);
    assert.equal(contains("::/0", mapped), false, mapped);
  }
});

test("a block of one address family contains no address of the other", () => {
  assert.equal(contains("0.0.0.0/0", "2001:db8::1"), false);
  assert.equal(contains("::/0", "203.0.113.7"), false);
  assert.equal(contains("0.0.0.0/0", "203.0.113.7"), true);
  assert.equal(contains("::/0", "2001:db8::1"), true);
});

test("a single address is a block that contains only itself", () => {
  assert.equal(contains("203.0.113.7", "203.0.113.7"), true);
  assert.equal(contains("203.0.113.7", "203.0.113.8"), false);
  assert.equal(contains("2001:db8::7", "2001:db8:0:0::7"), true);
});

for (const text of [
  "",
  " 10.0.0.0/8",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/255.0.0.0",
  "10.1",
  "0x7f.1",
  "010.0.0.1",
  "256.0.0.1",
  "2001:db8::/129",
  "2001:db8:::/32",
  "fe80::1%eth0",
  "::ffff:10.0.0.0/104",
  "localhost",
  "10.0.0.0/8,10.1.0.0/16",
]) {
  test(`${JSON.stringify(text)} is not a block, and the problem shows the accepted form`, () => {
    const parsed = parseCidr(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, /203\.0\.113\.0\/24/);
  });
}

test("parsing never throws, and accepts only addresses that the platform accepts", () => {
  const near = fc.string({ unit: fc.constantFrom(..."0123456789abcdef:./%x ") });
  fc.assert(
    fc.property(fc.oneof(anyText, near, v4, fc.ipV6()), (text) => {
      parseCidr(text);
      const address = parseAddress(text);
      if (address !== undefined) assert.notEqual(isIP(text), 0, text);
    }),
    { numRuns: 3000 },
  );
});

test("parsing takes linear time for any text", () => {
  for (const unit of ["1", ":", "::", "1.", "f:", "0:", "%"]) {
    assertLinear((size) => unit.repeat(size), parseAddress);
    assertLinear((size) => unit.repeat(size), parseCidr);
  }
});

test("a text is parsed once, because the clients of an owner often have the same blocks", () => {
  const [once, again] = [parseCidr("203.0.113.64/26"), parseCidr("203.0.113.64/26")];
  assert.ok(once.ok && again.ok);
  assert.equal(once.value, again.value);
});
