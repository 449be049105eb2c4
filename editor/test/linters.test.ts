import assert from "node:assert/strict";
import { test } from "node:test";

import { hasLinter } from "../src/assist/linters";

test("a language is left to the extension that lints it, where that is there", () => {
  const isThere = (extension: string): boolean => extension === "charliermarsh.ruff";
  assert.equal(hasLinter("python", isThere), true);
  assert.equal(hasLinter("go", isThere), false);
  assert.equal(hasLinter("python", () => false), false);
  assert.equal(hasLinter("cobol", () => true), false);
});
