import assert from "node:assert/strict";
import { test } from "node:test";

import { patternsOf } from "../src/secret";

const DEFAULT = ["**/.env", "**/*.pem"];

test("without any setting the patterns that come along hold", () => {
  assert.deepEqual(patternsOf({ defaultValue: DEFAULT }), DEFAULT);
  assert.deepEqual(patternsOf(undefined), []);
});

test("the person's own patterns take the place of those that come along", () => {
  assert.deepEqual(patternsOf({ defaultValue: DEFAULT, globalValue: ["**/mine"] }), ["**/mine"]);
  assert.deepEqual(patternsOf({ defaultValue: DEFAULT, globalValue: [] }), []);
});

test("a workspace adds patterns and takes none away", () => {
  const told = { defaultValue: DEFAULT, workspaceValue: [], workspaceFolderValue: ["**/theirs"] };
  assert.deepEqual(patternsOf(told), [...DEFAULT, "**/theirs"]);
});

test("a pattern that begins nowhere holds in every folder", () => {
  const globalValue = [".env", "./.env", "secrets/*.json", "*.key", "/etc/**", "C:\\keys\\**", "**/x"];
  const patterns = ["**/.env", "**/.env", "**/secrets/*.json", "**/*.key", "/etc/**", "C:\\keys\\**", "**/x"];
  assert.deepEqual(patternsOf({ globalValue }), patterns);
});

test("what is no list of patterns is read as far as it can be", () => {
  assert.deepEqual(patternsOf({ defaultValue: DEFAULT, globalValue: "**/one", workspaceValue: [3, null, "", "**/two"] }), ["**/one", "**/two"]);
});
