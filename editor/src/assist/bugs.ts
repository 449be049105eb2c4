/** Looks for bugs where a person asked for it. What was found moves along with the text, and goes where it is changed. */

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import { editorRange } from "../documents";
import type { Bug, BugReport } from "../wire";
import { ask, bodyOf, isUnchanged, subject } from "./asking";
import { bugFinding, BUGS, type Finding } from "./finding";
import { moved, type Span } from "./moved";

export class Bugs implements vscode.Disposable {
  readonly #found = vscode.languages.createDiagnosticCollection("andiron-bugs");
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly daemon: Daemon) {
    this.#subscriptions = vscode.Disposable.from(
      this.#found,
      vscode.workspace.onDidChangeTextDocument((change) => this.#changed(change)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#found.delete(document.uri)),
    );
  }

  /** Look for bugs in what is marked, or the whole file. */
  async find(range?: vscode.Range): Promise<void> {
    const about = subject(range);
    if (!about) {
      return;
    }
    const { document } = about;
    const report = await ask<BugReport>(this.daemon, "looking for bugs", "/api/v1/code/find-bugs", bodyOf(about));
    if (!report || !isUnchanged(about)) {
      return;
    }
    // What the analysis shows already is not shown twice.
    const shown = vscode.languages.getDiagnostics(document.uri).filter((one) => one.source !== BUGS);
    const isShown = ({ range, title }: Bug): boolean => shown.some((one) => one.message === title && one.range.isEqual(editorRange(range)));
    this.#found.set(document.uri, report.bugs.filter((bug) => !isShown(bug)).map(bugFinding));
    const count = report.bugs.length === 1 ? "1 bug" : `${report.bugs.length} bugs`;
    const without = report.unavailable ? ` The model was not asked: ${report.unavailable.message}.` : "";
    void vscode.window.showInformationMessage(`Andiron: ${report.bugs.length ? count : "no bugs"} found.${without}`);
    if (report.bugs.length) {
      await vscode.commands.executeCommand("workbench.actions.view.problems");
    }
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #changed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const found = this.#found.get(document.uri);
    if (found?.length && contentChanges.length) {
      // The editor tells of the changes from the last to the first, so that each is told in the text as it was.
      const left = found.map((finding) => contentChanges.reduce<Span | undefined>((span, { range, text }) => span && moved(span, range, text), finding.range));
      this.#found.set(document.uri, found.flatMap((finding, index) => (left[index] ? [at(finding as Finding, left[index])] : [])));
    }
  }
}

function at(finding: Finding, span: Span): Finding {
  finding.range = editorRange(span);
  return finding;
}
