/** Which documents there are to tell the daemon of: the one in front, and those open or edited lately. */

import vscode = require("vscode");

import { type Lines, textBehind } from "./completion/gap";
import { patternsOf } from "./secret";
import type { ContextDiagnostic, ContextFile } from "./wire";

const MOST_CHARACTERS = 40_000;
const START = { line: 0, character: 0 };
const REMEMBERED = 32;
/** The scheme of a notebook's cells. */
export const CELL = "vscode-notebook-cell";
const TEXT_SCHEMES = new Set(["file", "untitled", "vscode-remote", "vscode-vfs", CELL]);

/** Remembers which documents were looked at or edited, the newest last. */
export class RecentDocuments implements vscode.Disposable {
  #uris: string[] = [];
  readonly #subscriptions: vscode.Disposable;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor((editor) => editor && this.#note(editor.document)),
      vscode.workspace.onDidChangeTextDocument((change) => change.contentChanges.length && this.#note(change.document)),
    );
  }

  /** Return the text of other documents, the oldest first. */
  context(own: vscode.TextDocument, most: number): ContextFile[] {
    const open = new Map(vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document]));
    const ordered = [...open.keys()].filter((uri) => !this.#uris.includes(uri)).concat(this.#uris);
    return ordered
      .map((uri) => open.get(uri))
      .filter((document): document is vscode.TextDocument => document !== undefined && document !== own && maySend(document))
      .filter((document) => document.uri.scheme !== CELL || document.uri.path !== own.uri.path)
      .filter((document) => document.uri.scheme !== "untitled" || /\S/.test(textBehind(linesOf(document), START, MOST_CHARACTERS)))
      .slice(most ? -most : Infinity)
      .map((document) => ({ path: pathOf(document), content: textBehind(linesOf(document), START, MOST_CHARACTERS), ...languageField(document) }));
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #note(document: vscode.TextDocument): void {
    if (!TEXT_SCHEMES.has(document.uri.scheme)) {
      return; // the panels of output would crowd out all others
    }
    const uri = document.uri.toString();
    this.#uris = this.#uris.filter((known) => known !== uri).concat(uri).slice(-REMEMBERED);
  }
}

/** Tell whether a document's text may leave the editor. */
export function maySend(document: vscode.TextDocument): boolean {
  if (!TEXT_SCHEMES.has(document.uri.scheme)) {
    return false;
  }
  const patterns = patternsOf(vscode.workspace.getConfiguration("andiron", document).inspect("neverSend"));
  return !patterns.some((pattern) => vscode.languages.match({ pattern }, document) > 0);
}

/** Give access to a document's lines, without making one text of them. */
export function linesOf(document: vscode.TextDocument): Lines {
  const end = document.eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n";
  return { lineCount: document.lineCount, end, at: (line) => document.lineAt(line).text };
}

/** Return the editor a person works in, also while the chat has the focus; panels of output are none. */
export function editorInFront(): vscode.TextEditor | undefined {
  const { activeTextEditor: active, visibleTextEditors: visible } = vscode.window;
  return [active, ...visible].find((editor) => editor && TEXT_SCHEMES.has(editor.document.uri.scheme));
}

/** Name a document as the daemon is to know it: its path, or what its tab says. */
export function pathOf(document: vscode.TextDocument): string {
  return document.uri.scheme === "untitled" ? document.uri.path.replace(/^\//, "") : document.uri.fsPath;
}

/** Say a document's language where its name does not tell. */
export function languageOf(document: vscode.TextDocument): string | undefined {
  const hasName = document.uri.scheme !== "untitled" && document.uri.scheme !== CELL;
  if ((hasName && /\.\w+$/.test(document.uri.path)) || document.languageId === "plaintext") {
    return undefined;
  }
  return document.languageId;
}

function languageField(document: vscode.TextDocument): { language?: string } {
  const language = languageOf(document);
  return language ? { language } : {};
}

/** Show a document to a chat, with what is marked in it. */
export function contextFile(document: vscode.TextDocument, selection?: vscode.Range): ContextFile {
  return {
    path: pathOf(document),
    content: document.getText(),
    ...languageField(document),
    ...(selection && !selection.isEmpty ? { selection: { start: selection.start, end: selection.end } } : {}),
  };
}

/** Return what linters and compilers say of a document, or of a part of it. */
export function diagnosticsOf(document: vscode.TextDocument, within?: vscode.Range): ContextDiagnostic[] {
  return vscode.languages
    .getDiagnostics(document.uri)
    .filter((diagnostic) => !within || within.intersection(diagnostic.range))
    .map((diagnostic) => ({
      path: pathOf(document),
      range: { start: diagnostic.range.start, end: diagnostic.range.end },
      message: diagnostic.message,
      severity: ["error", "warning", "info", "hint"][diagnostic.severity] ?? "info",
      ...(diagnostic.source ? { source: diagnostic.source } : {}),
    }));
}

/** Make the editor's range of the daemon's; both count lines and UTF-16 units from zero. */
export function editorRange({ start, end }: { start: { line: number; character: number }; end: { line: number; character: number } }): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
