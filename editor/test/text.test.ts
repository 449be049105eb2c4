import assert from "node:assert/strict";
import { test } from "node:test";

import { moved } from "../src/assist/moved";
import { type Lines, textBefore, textBehind } from "../src/completion/gap";

function lines(text: string, end: Lines["end"] = "\n"): Lines {
  const all = text.split(end);
  return { lineCount: all.length, end, at: (line) => all[line]! };
}

function span(startLine: number, startCharacter: number, endLine: number, endCharacter: number) {
  return { start: { line: startLine, character: startCharacter }, end: { line: endLine, character: endCharacter } };
}

test("the text around a cursor is the document's own, with its line ends", () => {
  for (const end of ["\n", "\r\n"] as const) {
    const text = ["one", "two", "three"].join(end);
    const document = lines(text, end);
    for (let line = 0; line < 3; line += 1) {
      for (let character = 0; character <= document.at(line).length; character += 1) {
        assert.equal(textBefore(document, { line, character }) + textBehind(document, { line, character }), text);
      }
    }
  }
});

test("of a large document whole lines are taken, and not all of them are looked at", () => {
  let looks = 0;
  const document: Lines = { lineCount: 10_000_000, end: "\n", at: (line) => ((looks += 1), `line ${line}`) };
  const place = { line: 5_000_000, character: 4 };
  const before = textBefore(document, place, 100);
  const behind = textBehind(document, place, 100);
  assert.match(before, /^line \d+\n/);
  assert.match(behind, /\nline \d+$/);
  assert(before.length <= 100 && behind.length <= 100 && looks < 30);
});

test("a line that is too long alone is cut where the cursor is", () => {
  const document = lines("a".repeat(500) + "b".repeat(500));
  assert.equal(textBefore(document, { line: 0, character: 500 }, 10), "a".repeat(10));
  assert.equal(textBehind(document, { line: 0, character: 500 }, 10), "b".repeat(10));
});

test("what was found moves with the text before it", () => {
  const found = span(4, 2, 4, 8);
  assert.deepEqual(moved(found, span(9, 0, 9, 0), "behind"), found);
  assert.deepEqual(moved(found, span(0, 0, 0, 0), "a\nb\n"), span(6, 2, 6, 8));
  assert.deepEqual(moved(found, span(1, 0, 3, 0), ""), span(2, 2, 2, 8));
  assert.deepEqual(moved(found, span(4, 0, 4, 1), "xyz"), span(4, 4, 4, 10));
  assert.deepEqual(moved(found, span(4, 0, 4, 1), "x\nyz"), span(5, 3, 5, 9));
  assert.deepEqual(moved(span(4, 2, 6, 1), span(3, 0, 4, 0), ""), span(3, 2, 5, 1));
});

test("what was found goes where the text itself is changed", () => {
  const found = span(4, 2, 4, 8);
  assert.equal(moved(found, span(4, 3, 4, 4), ""), undefined);
  assert.equal(moved(found, span(3, 0, 5, 0), "new"), undefined);
});
