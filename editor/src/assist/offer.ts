/** Offers a change of a document: shows it first, applies it in one step that is undone in one step, or not at all. */

import vscode = require("vscode");

import { CELL } from "../documents";
import { complain, isUnchanged, type Subject } from "./asking";
import { closePreview, showDifference } from "./preview";

export interface Change {
  /** What the whole text would be. */
  readonly text: string;
  readonly edits: readonly vscode.TextEdit[];
  readonly title: string;
  readonly detail: string;
}

// What the buttons above a difference settle, by its preview.
const waiting = new Map<string, (isWanted: boolean) => void>();

/** Decide about the change whose difference is shown, as its message does. */
export function decide(preview: unknown, isWanted: boolean): void {
  waiting.get(String(preview instanceof vscode.Uri ? preview : vscode.window.activeTextEditor?.document.uri))?.(isWanted);
}

/** Show a change, and apply it if the person says so and the document is still what it was made for. */
export async function offer(about: Subject, { text, edits, title, detail }: Change): Promise<void> {
  const preview = await showDifference(about.document, text, title);
  const isWanted = await decision(preview, detail);
  await closePreview(preview);
  if (!isWanted || !isUnchanged(about)) {
    return;
  }
  if (await isGone(about.document)) {
    const kept = await vscode.workspace.openTextDocument({ content: text, language: about.document.languageId });
    await vscode.window.showTextDocument(kept);
    void vscode.window.showWarningMessage("Andiron: the file is not there any more; what it would have become is in a new one.");
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.set(about.document.uri, [...edits]);
  try {
    if (!(await vscode.workspace.applyEdit(edit))) {
      void vscode.window.showWarningMessage("Andiron: the editor refused the change; nothing was applied.");
      return;
    }
    await vscode.window.showTextDocument(about.document);
  } catch (error) {
    complain(error);
  }
}

/** Ask in a message, which the editor puts away after a while, and by buttons above the difference, which stay. */
async function decision(preview: vscode.Uri, detail: string): Promise<boolean> {
  const pressed = new Promise<boolean>((resolve) => waiting.set(preview.toString(), resolve));
  const chosen = vscode.window.showInformationMessage(`Andiron: apply the change? ${detail}`.trim(), "Apply", "Discard");
  try {
    return await Promise.race([pressed, chosen.then((choice) => choice === "Apply")]);
  } finally {
    waiting.delete(preview.toString());
  }
}

async function isGone(document: vscode.TextDocument): Promise<boolean> {
  if (document.isUntitled || document.uri.scheme === CELL) {
    return false;
  }
  try {
    await vscode.workspace.fs.stat(document.uri);
    return false;
  } catch {
    return true;
  }
}
