import assert from "node:assert/strict";
import { test } from "node:test";

import { isRestOf, takenCharacters } from "../src/completion/accepted";
import { Pace } from "../src/completion/pace";
import { EventReader } from "../src/events";

const OFFER = { id: "a", text: "print(x)\n", document: "file:///a.py", offset: 4 };

test("what was taken of an offer is seen in the text", () => {
  assert.equal(takenCharacters(OFFER, "x = "), 0);
  assert.equal(takenCharacters(OFFER, "x = pri"), 3);
  assert.equal(takenCharacters(OFFER, "x = print(x)\nmore"), 9);
  assert.equal(takenCharacters(OFFER, "x = prone"), 2);
});

test("an offer that goes on with what was typed is the rest of the one before", () => {
  const rest = { id: "b", text: "int(x)\n", document: OFFER.document, offset: 6 };
  assert.equal(isRestOf(OFFER, rest, "pr"), true);
  assert.equal(isRestOf(OFFER, { ...rest, text: "other" }, "pr"), false);
  assert.equal(isRestOf(OFFER, { ...rest, document: "file:///b.py" }, "pr"), false);
  assert.equal(isRestOf(OFFER, rest, "xx"), false);
});

function typing(gap: number, keys: number): { pace: Pace; at: { now: number } } {
  const at = { now: 0 };
  const pace = new Pace(() => at.now);
  for (let key = 0; key < keys; key += 1) {
    at.now += gap;
    pace.typed();
  }
  return { pace, at };
}

test("a quick daemon is asked at once", () => {
  const { pace } = typing(120, 10);
  assert.equal(pace.delayMilliseconds(300), 0);
  pace.answered(20);
  assert.equal(pace.delayMilliseconds(300), 0);
});

test("a slow daemon is asked when the typing seems to rest, and never too late", () => {
  const { pace } = typing(120, 10);
  pace.answered(2000);
  assert.equal(pace.delayMilliseconds(300), 120);
  assert.equal(pace.delayMilliseconds(50), 50);
});

test("pauses say nothing of how fast somebody types", () => {
  const { pace } = typing(5000, 10);
  pace.answered(2000);
  assert.equal(pace.delayMilliseconds(300), 0);
});

test("events may come cut anywhere, also inside a sign", () => {
  const stream = Buffer.from('event: delta\r\ndata: {"text":"ü€"}\r\n\r\n: comment\n\ndata: 1\n\n');
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const heard: unknown[] = [];
    const reader = new EventReader((name, data) => heard.push([name, data]));
    reader.push(stream.subarray(0, cut));
    reader.push(stream.subarray(cut));
    assert.deepEqual(heard, [["delta", { text: "ü€" }], ["message", 1]]);
  }
});
