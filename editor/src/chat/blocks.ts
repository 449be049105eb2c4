/** What a person may do with a block of code in an answer. Nothing is changed that is not seen. */

import vscode = require("vscode");

import { offer } from "../assist/offer";
import { editorInFront } from "../documents";
import type { BlockAction } from "./messages";

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
  const editor = editorInFront();
  if (!editor) {
    await openNew(code, language);
    return;
  }
  const { document, selection } = editor;
  const { version } = document;
  const place = action === "insert" ? new vscode.Range(selection.active, selection.active) : wholeOr(document, selection);
  if (action === "diff" || (action === "replace" && selection.isEmpty)) {
    const about = { document, version, selection: undefined };
    await offer(about, { text: changed(document, place, code), edits: [vscode.TextEdit.replace(place, code)], title: "Answer", detail: "" });
    return;
  }
  // A file that may only be read takes an edit without a word, and stays as it is.
  if (!(await editor.edit((edit) => edit.replace(place, code))) || document.version === version) {
    void vscode.window.showWarningMessage("Andiron: the editor refused the change; nothing was applied.");
    return;
  }
  await vscode.window.showTextDocument(document, editor.viewColumn);
}

function changed(document: vscode.TextDocument, place: vscode.Range, code: string): string {
  const text = document.getText();
  return text.slice(0, document.offsetAt(place.start)) + code + text.slice(document.offsetAt(place.end));
}

/** Without a mark the whole file is meant: shown first, and applied only then. */
function wholeOr(document: vscode.TextDocument, selection: vscode.Selection): vscode.Range {
  return selection.isEmpty ? document.validateRange(new vscode.Range(0, 0, document.lineCount, 0)) : selection;
}

async function openNew(code: string, language: string): Promise<void> {
  const known = await vscode.languages.getLanguages();
  const name = LANGUAGES[language] ?? language;
  const document = await vscode.workspace.openTextDocument({ content: code, ...(known.includes(name) ? { language: name } : {}) });
  await vscode.window.showTextDocument(document);
}
