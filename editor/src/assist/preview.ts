/** Shows a document beside what it would become. What is shown is kept until its tab is closed. */

import * as path from "node:path";

import vscode = require("vscode");

const SCHEME = "andiron-preview";
const texts = new Map<string, string>();
let count = 0;

/** Serve the right-hand sides. */
export function servePreviews(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, { provideTextDocumentContent: (uri) => texts.get(uri.query) ?? "" }),
    vscode.workspace.onDidCloseTextDocument((document) => document.uri.scheme === SCHEME && texts.delete(document.uri.query)),
  );
}

/** Open a diff between a document and a text. */
export async function showDifference(document: vscode.TextDocument, text: string, title: string): Promise<vscode.Uri> {
  count += 1;
  texts.set(String(count), text);
  const right = vscode.Uri.from({ scheme: SCHEME, path: document.uri.path, query: String(count) });
  await vscode.commands.executeCommand("vscode.diff", document.uri, right, `${title}: ${path.basename(document.uri.path)}`, { preview: true });
  return right;
}

/** Close the tab of a preview. */
export async function closePreview(uri: vscode.Uri): Promise<void> {
  const isIt = (tab: vscode.Tab): boolean => tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === uri.toString();
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(isIt);
  await vscode.window.tabGroups.close(tabs);
}
