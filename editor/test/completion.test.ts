import assert from "node:assert/strict";
import { test } from "node:test";

import { type Offer, Offered } from "../src/completion/accepted";
import { Pace } from "../src/completion/pace";
import { EventReader } from "../src/events";

/** A text with a suggestion in it, changed as an editor does and tells of it. */
class Page {
  readonly offered: Offered;

  constructor(
    public text: string,
    readonly offer: Offer,
  ) {
    this.offered = new Offered(offer);
  }

  read = (from: number, to: number): string => this.text.slice(from, to);

  /** Put a text in place of others, the last of them first. */
  put(text: string, ...ranges: [at: number, length: number][]): void {
    const changes = ranges.map(([rangeOffset, rangeLength]) => ({ rangeOffset, rangeLength, text }));
    for (const { rangeOffset, rangeLength } of changes) {
      this.text = this.text.slice(0, rangeOffset) + text + this.text.slice(rangeOffset + rangeLength);
    }
    this.offered.changed(changes, this.read);
  }

  type(text: string, at: number): void {
    for (const [index, sign] of [...text].entries()) {
      this.put(sign, [at + index, 0]);
      this.offered.moved(true);
    }
  }

  accept(text: string, at: number): void {
    this.put(text, [at, 0]);
    this.offered.moved(false);
  }

  get outcome(): unknown {
    return this.offered.outcome();
  }
}

function page(before = "x = ", behind = "", offer: Partial<Offer> = {}): Page {
  return new Page(before + behind, { id: "a", text: "print(x)\n", document: "file:///a.py", offset: before.length, given: 0, ...offer });
}

const REJECTED = { event: "rejected" };

test("a suggestion that is left is rejected, also after some of it was typed", () => {
  const { offered } = page();
  assert.deepEqual(offered.outcome(), REJECTED);
  const typed = page();
  typed.type("pri", 4);
  typed.type("vate", 7);
  assert.deepEqual(typed.outcome, REJECTED);
});

test("a suggestion accepted by words is accepted as far as they go", () => {
  const taken = page();
  taken.accept("print", 4);
  taken.accept("(", 9);
  taken.type("y", 10);
  assert.deepEqual(taken.outcome, { event: "accepted", accepted_chars: 6 });
});

test("what is typed by hand is not accepted, whatever the editor puts in along with it", () => {
  const typed = page("x = ", "", { text: "f()\n    y" });
  typed.type("f", 4);
  typed.put("()", [5, 0]);
  typed.offered.moved(true);
  assert.deepEqual(typed.outcome, REJECTED);
});

test("a suggestion typed by hand to its end was neither taken nor refused", () => {
  const typed = page();
  typed.type("print(x)\n", 4);
  assert.equal(typed.outcome, undefined);
});

test("what is undone was not accepted", () => {
  const taken = page();
  taken.accept("print", 4);
  taken.accept("(x", 9);
  taken.put("", [9, 2]);
  assert.deepEqual(taken.outcome, { event: "accepted", accepted_chars: 5 });
  taken.put("", [4, 5]);
  assert.deepEqual(taken.outcome, REJECTED);
});

test("what stood behind the cursor before is no part of what was taken", () => {
  const taken = page("f(", ")", { text: "x)" });
  taken.accept("x", 2);
  assert.deepEqual(taken.outcome, { event: "accepted", accepted_chars: 1 });
});

test("what is accepted is counted in characters, as the daemon counts them", () => {
  const taken = page("x = ", "", { text: "\"🔥🔥\" + y" });
  taken.accept("\"🔥🔥\"", 4);
  assert.deepEqual(taken.outcome, { event: "accepted", accepted_chars: 4 });
});

test("a suggestion moves with the text before it", () => {
  const taken = page("ab\nx = ", "\nx = ");
  taken.put("import os\n", [0, 0]);
  taken.put("p", [22, 0], [17, 0]);
  taken.offered.moved(true);
  taken.accept("rint", 18);
  assert.deepEqual(taken.outcome, { event: "accepted", accepted_chars: 5 });
  assert.equal(taken.offered.isAround(17), true);
  assert.equal(taken.offered.isAround(16), false);
});

test("what the editor's list put in is not the suggestion's", () => {
  const chosen = page("twice = ", "", { text: "quantity * 2", given: 8 });
  chosen.type("quan", 8);
  chosen.put("quantity", [8, 4]);
  chosen.offered.moved(false);
  assert.deepEqual(chosen.outcome, REJECTED);
  chosen.accept(" *", 16);
  assert.deepEqual(chosen.outcome, { event: "accepted", accepted_chars: 2 });
});

test("an offer that goes on with what was typed is the same suggestion", () => {
  const typed = page();
  typed.type("pr", 4);
  const rest = { ...typed.offer, id: "b", text: "int(x)\n", offset: 6 };
  assert.equal(typed.offered.goesOnAs(rest, typed.read), true);
  assert.equal(typed.offered.goesOnAs({ ...rest, text: "int(x)\nmore" }, typed.read), true);
  assert.equal(typed.offered.goesOnAs({ ...rest, text: "ompt" }, typed.read), false);
  assert.equal(typed.offered.goesOnAs({ ...rest, document: "file:///b.py" }, typed.read), false);
});

test("an offer that begins with what the list has selected is the same suggestion", () => {
  const typed = page("x = pri", "", { text: "nt(x)" });
  assert.equal(typed.offered.goesOnAs({ ...typed.offer, offset: 4, text: "print(x)", given: 5 }, typed.read), true);
  assert.equal(typed.offered.goesOnAs({ ...typed.offer, offset: 4, text: "private(x)", given: 7 }, typed.read), false);
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
