/** The lightbulb: fixes of what was found, and what may be asked of the code that is marked. */

import vscode = require("vscode");

import { maySend } from "../documents";
import { Finding } from "./finding";

/** Offer them in every file. */
export function registerActions(): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    { pattern: "**/*" },
    { provideCodeActions },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.RefactorRewrite] },
  );
}

function provideCodeActions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
  const known = context.diagnostics.filter((diagnostic): diagnostic is Finding => diagnostic instanceof Finding && !!diagnostic.fix && diagnostic.version === document.version);
  const actions = known.map((finding) => mending(document, finding));
  if (!maySend(document)) {
    return actions;
  }
  const [problem] = context.diagnostics;
  if (problem) {
    // What others have found may be of a text that was longer.
    const lines = document.validateRange(new vscode.Range(problem.range.start.line, 0, problem.range.end.line, Number.MAX_SAFE_INTEGER));
    actions.push(
      asking("Andiron: Explain the problem", vscode.CodeActionKind.QuickFix, "andiron.explain", lines, `What is wrong here: ${problem.message}`),
      asking("Andiron: Let the model fix the problem", vscode.CodeActionKind.QuickFix, "andiron.refactor", lines, `Fix this problem: ${problem.message}`),
    );
  }
  if (!range.isEmpty) {
    actions.push(
      asking("Andiron: Refactor…", vscode.CodeActionKind.RefactorRewrite, "andiron.refactor", range),
      asking("Andiron: Explain", vscode.CodeActionKind.RefactorRewrite, "andiron.explain", range),
      asking("Andiron: Find bugs", vscode.CodeActionKind.RefactorRewrite, "andiron.findBugs", range),
      asking("Andiron: Generate tests", vscode.CodeActionKind.RefactorRewrite, "andiron.generateTests", range),
    );
  }
  return actions;
}

function mending(document: vscode.TextDocument, finding: Finding): vscode.CodeAction {
  const action = new vscode.CodeAction(`Andiron: Fix: ${finding.message.split("\n")[0]}`, vscode.CodeActionKind.QuickFix);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(document.uri, [...finding.fix!]);
  action.diagnostics = [finding];
  action.isPreferred = true;
  return action;
}

function asking(title: string, kind: vscode.CodeActionKind, command: string, ...words: unknown[]): vscode.CodeAction {
  const action = new vscode.CodeAction(title, kind);
  action.command = { command, title, arguments: words };
  return action;
}
