/** What a person may do with a block of code in an answer. Nothing is changed that is not seen. */

import * as vscode from "vscode";

import type { BlockAction } from "./messages";
import { showDifference } from "../assist/preview";

const LANGUAGES: Readonly<Record<string, string>> = { bash: "shellscript", sh: "shellscript", tsx: "typescriptreact", jsx: "javascriptreact", py: "python", js: "javascript", ts: "typescript", rs: "rust", "c++": "cpp", cs: "csharp", yml: "yaml" };

/** Do it. */
export async function applyBlock(action: BlockAction, code: string, language: string): Promise<void> {
  if (action === "copy") {
    await vscode.env.clipboard.writeText(code);
    return;
  }
  if (action === "newFile") {
    await openNew(code, language);
    return;
  }
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (!editor) {
    await openNew(code, language);
    return;
  }
  const { document, selection } = editor;
  const place = action === "insert" ? new vscode.Range(selection.active, selection.active) : wholeOr(document, selection);
  if (action === "diff") {
    const text = document.getText();
    const changed = text.slice(0, document.offsetAt(place.start)) + code + text.slice(document.offsetAt(place.end));
    await showDifference(document, changed, "Andiron: answer");
    return;
  }
  await editor.edit((edit) => edit.replace(place, code));
  await vscode.window.showTextDocument(document, editor.viewColumn);
}

function wholeOr(document: vscode.TextDocument, selection: vscode.Selection): vscode.Range {
  return selection.isEmpty ? document.validateRange(new vscode.Range(0, 0, document.lineCount, 0)) : selection;
}

async function openNew(code: string, language: string): Promise<void> {
  const known = await vscode.languages.getLanguages();
  const name = LANGUAGES[language] ?? language;
  const document = await vscode.workspace.openTextDocument({ content: code, ...(known.includes(name) ? { language: name } : {}) });
  await vscode.window.showTextDocument(document);
}
