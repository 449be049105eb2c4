/** What is sent along with a question: a file, a selection, the problems of a file. Read when the question is asked. */

import * as path from "node:path";

import vscode = require("vscode");

import { contextFile, diagnosticsOf, editorInFront, maySend } from "../documents";
import type { ContextDiagnostic, ContextFile } from "../wire";
import type { ChipKind } from "./messages";

export interface Chip {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
  files(): ContextFile[];
  diagnostics(): ContextDiagnostic[];
}

/** Make the chips for what is marked; of the whole file where nothing is. */
export function selectionChips(editor: vscode.TextEditor): Chip[] {
  const { document, selection } = editor;
  return selection.isEmpty ? fileChips(document) : allowed(document, () => selectionChip(document, selection));
}

/** Make the chips a person asks for on the page. */
export async function gathered(kind: ChipKind): Promise<Chip[]> {
  const editor = editorInFront();
  if (!editor) {
    void vscode.window.setStatusBarMessage("Andiron: no file is open", 4_000);
    return [];
  }
  switch (kind) {
    case "file":
      return fileChips(editor.document);
    case "selection":
      return selectionChips(editor);
    case "diagnostics":
      return allowed(editor.document, () => diagnosticsChip(editor.document));
  }
}

function allowed(document: vscode.TextDocument, make: () => Chip): Chip[] {
  if (maySend(document)) {
    return [make()];
  }
  void vscode.window.showWarningMessage(`Andiron: ${path.basename(document.uri.path)} is never sent (setting andiron.neverSend).`);
  return [];
}

function fileChips(document: vscode.TextDocument): Chip[] {
  return allowed(document, () => ({
    id: `file:${document.uri.toString()}`,
    label: path.basename(document.uri.path),
    detail: document.uri.fsPath,
    files: () => [contextFile(asItIs(document))],
    diagnostics: () => [],
  }));
}

function selectionChip(document: vscode.TextDocument, selection: vscode.Range): Chip {
  const lines = `${selection.start.line + 1}–${selection.end.line + 1}`;
  // As it is now: its lines may be others when the question is asked.
  const shown = contextFile(document, document.validateRange(selection));
  return {
    id: `selection:${document.uri.toString()}:${lines}`,
    label: `${path.basename(document.uri.path)}:${lines}`,
    detail: document.uri.fsPath,
    files: () => [shown],
    diagnostics: () => [],
  };
}

function diagnosticsChip(document: vscode.TextDocument): Chip {
  return {
    id: `diagnostics:${document.uri.toString()}`,
    label: `Problems in ${path.basename(document.uri.path)} (${diagnosticsOf(document).length})`,
    detail: document.uri.fsPath,
    files: () => [contextFile(asItIs(document))],
    diagnostics: () => diagnosticsOf(document),
  };
}

/** A file that was closed and opened again is another document; the one before stays as it was when it was closed. */
function asItIs(document: vscode.TextDocument): vscode.TextDocument {
  return vscode.workspace.textDocuments.find((open) => open.uri.toString() === document.uri.toString()) ?? document;
}
