/** Refactors code: asks what for, shows the difference, and applies the smallest edits, undone in one step. */

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import { editorRange } from "../documents";
import type { Refactoring } from "../wire";
import { ask, bodyOf, subject } from "./asking";
import { offer } from "./offer";

/** Refactor what is marked, or the whole file; asks what for where that is not told. */
export async function refactor(daemon: Daemon, range?: vscode.Range, told?: string): Promise<void> {
  const about = subject(range);
  const instruction = about && (told ?? (await asked()));
  if (!about || instruction === undefined) {
    return;
  }
  const body = { ...bodyOf(about), ...(instruction.trim() ? { instruction: instruction.trim() } : {}) };
  const answer = await ask<Refactoring>(daemon, "refactoring", "/api/v1/code/refactor", body);
  if (!answer) {
    return;
  }
  if (!answer.edits.length) {
    void vscode.window.showInformationMessage("Andiron: nothing to change.");
    return;
  }
  await offer(about, {
    text: answer.code,
    edits: answer.edits.map((one) => vscode.TextEdit.replace(editorRange(one.range), one.new_text)),
    title: "Refactoring",
    detail: answer.changes.map(({ title, why }) => `${title}: ${why}`).join(" · "),
  });
}

function asked(): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title: "Andiron: Refactor", prompt: "What is to become better? Empty leaves it to the model.", ignoreFocusOut: true });
}
