import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { Growth } from "../src/chat/growth";

/** An answer that takes a while to show; time stands still but for what is told here. */
function showing(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const seen = { shown: 0, now: 0, drawn: (): void => undefined };
  const growth = new Growth(() => ((seen.shown += 1), new Promise<void>((resolve) => (seen.drawn = resolve))), () => seen.now);
  const pass = (milliseconds: number): void => {
    seen.now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  const drawn = async (): Promise<void> => {
    seen.drawn();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { growth, seen, pass, drawn };
}

test("what comes in pieces is shown together", (t) => {
  const { growth, seen, pass } = showing(t);
  growth.grown();
  growth.grown();
  pass(79);
  assert.equal(seen.shown, 0);
  pass(1);
  assert.equal(seen.shown, 1);
});

test("it is shown again only once it was drawn, and seldom where that takes long", async (t) => {
  const { growth, seen, pass, drawn } = showing(t);
  growth.grown();
  pass(80);
  growth.grown();
  pass(200);
  assert.equal(seen.shown, 1);
  await drawn();
  pass(799);
  assert.equal(seen.shown, 1);
  pass(1);
  assert.equal(seen.shown, 2);
});

test("what has not grown is not shown again, and nothing is after the end", async (t) => {
  const { growth, seen, pass, drawn } = showing(t);
  growth.grown();
  pass(80);
  await drawn();
  pass(1000);
  assert.equal(seen.shown, 1);
  growth.grown();
  growth.end();
  pass(1000);
  assert.equal(seen.shown, 1);
});

test("the end comes while it is shown", async (t) => {
  const { growth, seen, pass, drawn } = showing(t);
  growth.grown();
  pass(80);
  growth.grown();
  growth.end();
  await drawn();
  pass(1000);
  assert.equal(seen.shown, 1);
});
