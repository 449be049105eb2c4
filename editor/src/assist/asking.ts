/** What every assist has in common: what it is about, its progress with a way to cancel, and how it fails. */

import vscode = require("vscode");

import { CancelledError, describe } from "../client";
import type { Daemon } from "../daemon";
import { editorInFront, languageOf, maySend, pathOf } from "../documents";
import { generate } from "../generation";

/** The document and the marked part of it that an assist is asked about, as they were then. */
export interface Subject {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly selection: vscode.Range | undefined;
}

/** Take what is in front; undefined, said to the person, where nothing may be asked about. */
export function subject(range?: vscode.Range): Subject | undefined {
  const editor = editorInFront();
  if (!editor) {
    void vscode.window.showInformationMessage("Andiron: open a file first.");
    return undefined;
  }
  const { document } = editor;
  if (!maySend(document)) {
    void vscode.window.showWarningMessage("Andiron: this file is never sent (setting andiron.neverSend).");
    return undefined;
  }
  const marked = range ?? editor.selection;
  return { document, version: document.version, selection: marked.isEmpty ? undefined : marked };
}

/** Make the body of a request about a subject. */
export function bodyOf({ document, selection }: Subject): object {
  const language = languageOf(document);
  return {
    code: document.getText(),
    path: pathOf(document),
    ...(language ? { language } : {}),
    ...(selection ? { selection: { start: selection.start, end: selection.end } } : {}),
  };
}

/** Ask with a progress that can be cancelled; undefined if it was, or failed, which is said. */
export async function ask<Body>(daemon: Daemon, title: string, path: string, body: object, known?: (body: unknown) => void): Promise<Body | undefined> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: `Andiron: ${title}`, cancellable: true }, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let characters = 0;
    const told = (text: string): void => {
      characters += text.length;
      progress.report({ message: `${characters} characters so far` });
    };
    try {
      return await generate<Body>(daemon.client, path, body, { told, ...(known ? { known } : {}) }, abort.signal);
    } catch (error) {
      complain(error);
      return undefined;
    }
  });
}

/** Tell a person what went wrong; a cancelled request did not. */
export function complain(error: unknown): void {
  if (!(error instanceof CancelledError)) {
    void vscode.window.showErrorMessage(`Andiron: ${describe(error)}`);
  }
}

/** Tell whether a subject is still what was asked about; a person is told if not. */
export function isUnchanged({ document, version }: Subject): boolean {
  if (document.isClosed || document.version !== version) {
    void vscode.window.showWarningMessage("Andiron: the file has changed since; nothing was applied. Ask again.");
    return false;
  }
  return true;
}
