/** What the daemon found, as diagnostics of the editor. */

import vscode = require("vscode");

import { editorRange } from "../documents";
import type { Analysis, Bug, Diagnostic, Severity } from "../wire";

const SEVERITIES: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** The source that bugs are shown with. */
export const BUGS = "andiron bugs";

/** A diagnostic that knows how it is mended in the version of the document it was found in; in any other its places are wrong. */
export class Finding extends vscode.Diagnostic {
  fix: readonly vscode.TextEdit[] | undefined;
  version: number | undefined;
}

/** Make one of what does not parse. */
export function parseFinding({ range, message }: Analysis["parse"]["errors"][number]): Finding {
  const made = new Finding(editorRange(range), message, vscode.DiagnosticSeverity.Error);
  made.source = "andiron syntax";
  return made;
}

/** Make one of what a linter or a rule says. */
export function finding(diagnostic: Diagnostic, version: number): Finding {
  const made = new Finding(editorRange(diagnostic.range), diagnostic.message, SEVERITIES[diagnostic.severity]);
  made.source = diagnostic.source;
  made.code = diagnostic.url ? { value: diagnostic.rule, target: vscode.Uri.parse(diagnostic.url) } : diagnostic.rule;
  made.version = version;
  made.fix = diagnostic.fix?.map((edit) => vscode.TextEdit.replace(editorRange(edit.range), edit.new_text));
  return made;
}

/** Make one of a bug. */
export function bugFinding(bug: Bug): Finding {
  const parts = [bug.title, bug.explanation === bug.title ? "" : bug.explanation, bug.suggestion ? `Suggestion: ${bug.suggestion}` : "", `(${bug.source}, confidence ${bug.confidence})`];
  const made = new Finding(editorRange(bug.range), parts.filter(Boolean).join("\n"), SEVERITIES[bug.severity]);
  made.source = BUGS;
  made.code = bug.url ? { value: bug.category, target: vscode.Uri.parse(bug.url) } : bug.category;
  return made;
}
