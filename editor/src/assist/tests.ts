/** Writes tests into a new file beside the code. A file that is there already is never overwritten. */

import * as path from "node:path";

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import type { GeneratedTests } from "../wire";
import { ask, bodyOf, complain, subject } from "./asking";

/** Generate tests for what is marked, or the whole file, and open them. */
export async function generateTests(daemon: Daemon, range?: vscode.Range): Promise<void> {
  const about = subject(range);
  const answer = about && (await ask<GeneratedTests>(daemon, "writing tests", "/api/v1/code/generate-tests", bodyOf(about)));
  if (!about || !answer) {
    return;
  }
  const uri = await placeFor(about.document, answer.path);
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, new vscode.Position(0, 0), answer.tests);
  if (!(await vscode.workspace.applyEdit(edit))) {
    complain("the editor refused the new file");
    return;
  }
  await vscode.window.showTextDocument(document, { preview: false, viewColumn: vscode.ViewColumn.Beside });
  const unsure = answer.unconfirmed?.length ? ` Look at ${answer.unconfirmed.join(", ")}: their values were not confirmed.` : "";
  void vscode.window.setStatusBarMessage(`Andiron: ${answer.framework} tests for ${answer.covers.join(", ") || "the file"}; not saved yet.${unsure}`, 15_000);
}

/** Name a document that is not there yet: where the daemon says, else with a number behind its name. */
async function placeFor(source: vscode.TextDocument, told: string): Promise<vscode.Uri> {
  if (source.uri.scheme === "untitled" || !told) {
    return vscode.Uri.from({ scheme: "untitled", path: path.posix.basename(told) || "tests" });
  }
  const folder = vscode.workspace.getWorkspaceFolder(source.uri)?.uri ?? vscode.Uri.joinPath(source.uri, "..");
  const wanted = path.isAbsolute(told) ? source.uri.with({ path: vscode.Uri.file(told).path }) : vscode.Uri.joinPath(folder, told);
  const { dir, name, ext } = path.posix.parse(wanted.path);
  for (let number = 1; ; number += 1) {
    const candidate = wanted.with({ path: path.posix.join(dir, number === 1 ? `${name}${ext}` : `${name}_${number}${ext}`) });
    if (!(await isThere(candidate))) {
      return candidate.with({ scheme: "untitled" });
    }
  }
}

async function isThere(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return vscode.workspace.textDocuments.some((document) => document.uri.path === uri.path && !document.isClosed);
  }
}
