import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { DaemonError } from "../src/client";
import type { Condition, Daemon } from "../src/daemon";
import { Trouble } from "../src/trouble";
import { EventEmitter, messages } from "./vscode";

const GONE = new DaemonError("unreachable", "Andiron is not running", "Start it");

/** A daemon that is as it is told to be; time passes when it is told to. */
function told(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  messages.length = 0;
  const changed = new EventEmitter<Condition>();
  const daemon = { condition: "offline" as Condition, state: undefined as object | undefined, trouble: undefined as DaemonError | undefined, onDidChange: changed.event };
  const trouble = new Trouble(daemon as unknown as Daemon);
  t.after(() => trouble.dispose());
  const become = (condition: Condition): void => {
    const isThere = condition === "ready" || condition === "failed";
    Object.assign(daemon, { condition, state: isThere ? {} : undefined, trouble: condition === "ready" ? undefined : GONE });
    changed.fire(condition);
  };
  return { become, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test("what is wrong is told once, and again only after it was right", (t) => {
  const { become, pass } = told(t);
  become("offline");
  become("offline");
  pass(60_000);
  become("offline");
  pass(60_000);
  assert.deepEqual(messages, ["Andiron: Andiron is not running. Start it"]);
  become("ready");
  become("failed");
  pass(60_000);
  assert.equal(messages.length, 2);
});

test("a daemon that is back in a moment is not missed", (t) => {
  const { become, pass } = told(t);
  become("offline");
  pass(1_000);
  become("starting");
  pass(1_000);
  become("ready");
  pass(60_000);
  assert.deepEqual(messages, []);
});
