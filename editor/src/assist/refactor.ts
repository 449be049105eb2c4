/** Refactors code: asks what for, shows the difference, and applies the smallest edits, undone in one step. */

import * as vscode from "vscode";

import type { Daemon } from "../daemon";
import { editorRange } from "../documents";
import type { Refactoring } from "../wire";
import { ask, bodyOf, isUnchanged, type Subject, subject } from "./asking";
import { closePreview, showDifference } from "./preview";

/** Refactor what is marked, or the whole file. */
export async function refactor(daemon: Daemon, range?: vscode.Range): Promise<void> {
  const about = subject(range);
  if (!about) {
    return;
  }
  const instruction = await vscode.window.showInputBox({ title: "Andiron: Refactor", prompt: "What is to become better? Empty leaves it to the model." });
  if (instruction === undefined) {
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
  const preview = await showDifference(about.document, answer.code, "Refactoring");
  const detail = answer.changes.map(({ title, why }) => `${title}: ${why}`).join("\n");
  const choice = await vscode.window.showInformationMessage(`Apply the refactoring? ${detail}`, "Apply", "Discard");
  await closePreview(preview);
  if (choice === "Apply") {
    await apply(about, answer);
  }
}

async function apply(about: Subject, answer: Refactoring): Promise<void> {
  if (!isUnchanged(about)) {
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.set(about.document.uri, answer.edits.map((one) => vscode.TextEdit.replace(editorRange(one.range), one.new_text)));
  if (!(await vscode.workspace.applyEdit(edit))) {
    void vscode.window.showWarningMessage("Andiron: the editor refused the change; nothing was applied.");
    return;
  }
  await vscode.window.showTextDocument(about.document);
}
