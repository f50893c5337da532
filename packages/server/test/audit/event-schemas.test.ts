import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EventKind } from "@carnet/core/audit/event";
import { eventShapes, RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { eventKinds } from "@carnet/protocol/admin/event-kinds";
import { eventJson } from "@carnet/server/audit/event-json";
import { everyEvent } from "@carnet/testkit/every-event";
import { Type } from "typebox";
import { Check } from "typebox/value";

type Equals<One, Other> = [One, Other] extends [Other, One] ? true : false;
const sameKinds: Equals<EventKind, RecordedEvent["event"]> & Equals<EventKind, (typeof eventKinds)[number]> = true;

suite("the schema of events", () => {
  test("has each kind once", () => {
    assert.ok(sameKinds);
    const kinds = eventShapes.flatMap(({ properties }): string[] => properties.event.enum);
    assert.deepEqual(kinds.toSorted(), [...eventKinds].toSorted());
    assert.deepEqual(Object.keys(everyEvent).toSorted(), [...eventKinds].toSorted());
  });

  test("has a valid example", () => {
    const { examples } = Object(RecordedEvent);
    for (const example of examples) assert.ok(Check(RecordedEvent, example));
  });

  for (const event of Object.values(everyEvent)) {
    test(`describes every member of ${event.event}`, () => {
      const json: unknown = JSON.parse(eventJson(event, "node-1"));
      assert.ok(Check(RecordedEvent, json), JSON.stringify(json));
      const shape = eventShapes.find(({ properties }) => properties.event.enum.some((kind) => kind === event.event));
      assert.ok(shape && Check(Type.Object(shape.properties, { additionalProperties: false }), json));
      const { prev: _, ...described } = shape.properties;
      assert.deepEqual(Object.keys(Object(json)).toSorted(), Object.keys(described).toSorted());
    });
  }
});
