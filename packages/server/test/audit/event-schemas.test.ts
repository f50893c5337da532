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

  test("describes the client that the store adds to a refusal", () => {
    const [refused] = eventShapes.filter(({ properties }) => properties.event.enum[0] === "token_refused");
    const json = { ...JSON.parse(eventJson(everyEvent.token_refused, "node-1")), client_id: "demo" };
    assert.ok(refused && Check(Type.Object(refused.properties, { additionalProperties: false }), json));
  });

  for (const event of Object.values(everyEvent)) {
    test(`describes every member of ${event.event}`, () => {
      const json: unknown = JSON.parse(eventJson(event, "node-1"));
      assert.ok(Check(RecordedEvent, json), JSON.stringify(json));
      const shape = eventShapes.find(({ properties }) => properties.event.enum.some((kind) => kind === event.event));
      assert.ok(shape && Check(Type.Object(shape.properties, { additionalProperties: false }), json));
      const onlyElsewhere = event.event === "token_refused" ? ["prev", "client_id"] : ["prev"];
      const described = Object.keys(shape.properties).filter((name) => !onlyElsewhere.includes(name));
      assert.deepEqual(Object.keys(Object(json)).toSorted(), described.toSorted());
    });
  }
});
