import assert from "node:assert/strict";
import { test } from "node:test";
import { PositionIndex } from "@carnet/server/memory/position-index";
import fc from "fast-check";

test("a position index finds each added position until it is deleted, even when all hashes collide", () => {
  const action = fc.record({
    add: fc.boolean(),
    hash: fc.constantFrom(0, 1, 2, 1023, 1024, 0xffff_ffff),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
      const index = new PositionIndex((position) => actions[position]?.hash ?? 0);
      const there: { hash: number; position: number }[] = [];
      actions.forEach(({ add, hash, which }, position) => {
        if (add || there.length === 0) {
          index.add(hash, position);
          there.push({ hash, position });
        } else {
          const [gone] = there.splice(which % there.length, 1);
          if (gone !== undefined) index.delete(gone.hash, gone.position);
          if (gone !== undefined) index.delete(gone.hash, gone.position); // deleting twice changes nothing
        }
      });
      assert.equal(index.size, there.length);
      for (const { hash, position } of there) {
        assert.equal(
          index.find(hash, (found) => found === position),
          position,
        );
      }
      for (let position = 0; position < actions.length; position++) {
        const { hash = 0 } = actions[position] ?? {};
        const kept = there.some((one) => one.position === position);
        assert.equal(index.find(hash, (found) => found === position) >= 0, kept);
      }
    }),
  );
});

test("a position index grows as positions are added, and is empty after it is cleared", () => {
  const hashOf = (position: number) => Math.imul(position, 0x9e3779b1) >>> 0;
  const index = new PositionIndex(hashOf);
  for (let position = 0; position < 100_000; position++) index.add(hashOf(position), position);
  for (let position = 0; position < 100_000; position++) {
    assert.equal(
      index.find(hashOf(position), (found) => found === position),
      position,
    );
  }
  index.clear();
  assert.equal(index.size, 0);
  assert.equal(
    index.find(hashOf(7), () => true),
    -1,
  );
});
