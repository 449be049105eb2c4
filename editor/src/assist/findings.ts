/**
 * Diagnostics of Andiron's own: what the analysis finds while a file is edited, and the bugs a person asked for.
 *
 * The analysis waits until the typing rests, and leaves languages alone that have a linter extension of their own.
 */

import * as vscode from "vscode";

import { CancelledError } from "../client";
import type { Daemon } from "../daemon";
import { editorRange, languageOf, maySend, pathOf } from "../documents";
import type { Analysis, Bug, BugReport, Diagnostic, Severity } from "../wire";
import { ask, bodyOf, complain, isUnchanged, subject } from "./asking";

const REST_MILLISECONDS = 800;
const LONGEST_CHARACTERS = 1_000_000;
const SEVERITIES: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};
const LINTERS: Readonly<Record<string, readonly string[]>> = {
  python: ["charliermarsh.ruff", "ms-python.pylint", "ms-python.flake8", "ms-python.vscode-pylance"],
  javascript: ["dbaeumer.vscode-eslint", "oxc.oxc-vscode", "biomejs.biome"],
  typescript: ["dbaeumer.vscode-eslint", "oxc.oxc-vscode", "biomejs.biome"],
  javascriptreact: ["dbaeumer.vscode-eslint", "oxc.oxc-vscode", "biomejs.biome"],
  typescriptreact: ["dbaeumer.vscode-eslint", "oxc.oxc-vscode", "biomejs.biome"],
  go: ["golang.go"],
  rust: ["rust-lang.rust-analyzer"],
  c: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
  cpp: ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"],
  java: ["redhat.java"],
  csharp: ["ms-dotnettools.csharp"],
  shellscript: ["timonwong.shellcheck"],
  dockerfile: ["exiasr.hadolint"],
  yaml: ["redhat.vscode-yaml"],
};

/** A diagnostic that knows how it is mended. */
class Finding extends vscode.Diagnostic {
  fix: readonly vscode.TextEdit[] | undefined;
}

export class Findings implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #analysed = vscode.languages.createDiagnosticCollection("andiron");
  readonly #bugs = vscode.languages.createDiagnosticCollection("andiron-bugs");
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout; abort: AbortController }>();
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#subscriptions = vscode.Disposable.from(
      this.#analysed,
      this.#bugs,
      vscode.workspace.onDidOpenTextDocument((document) => this.#later(document)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => contentChanges.length && this.#later(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)),
      daemon.onDidChange(() => daemon.condition === "ready" && vscode.window.visibleTextEditors.forEach((editor) => this.#later(editor.document))),
      vscode.languages.registerCodeActionsProvider({ pattern: "**/*" }, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.RefactorRewrite],
      }),
    );
  }

  /** Analyse the file in front now, and say what came of it. */
  async analyse(): Promise<void> {
    const about = subject();
    if (!about) {
      return;
    }
    try {
      const analysis = await this.#analyse(about.document, new AbortController().signal);
      const { functions = 0, max_complexity: complexity = 0, code_lines: lines = 0 } = analysis.metrics;
      const missing = analysis.linters.filter((linter) => !linter.ran).map((linter) => `${linter.name} (${linter.reason ?? "did not run"})`);
      const found = `${analysis.diagnostics.length + analysis.parse.errors.length} findings in ${lines} lines of code; ${functions} functions, highest complexity ${complexity}`;
      void vscode.window.showInformationMessage(`Andiron: ${found}.${missing.length ? ` Not run: ${missing.join(", ")}.` : ""}`);
      await vscode.commands.executeCommand("workbench.actions.view.problems");
    } catch (error) {
      complain(error);
    }
  }

  /** Look for bugs in what is marked, or the whole file. */
  async findBugs(range?: vscode.Range): Promise<void> {
    const about = subject(range);
    if (!about) {
      return;
    }
    const { document } = about;
    const report = await ask<BugReport>(this.daemon, "looking for bugs", "/api/v1/code/find-bugs", bodyOf(about));
    if (!report || !isUnchanged(about)) {
      return;
    }
    this.#bugs.set(document.uri, report.bugs.map(bugFinding));
    const count = report.bugs.length === 1 ? "1 bug" : `${report.bugs.length} bugs`;
    const without = report.unavailable ? ` The model was not asked: ${report.unavailable.message}.` : "";
    void vscode.window.showInformationMessage(`Andiron: ${report.bugs.length ? count : "no bugs"} found.${without}`);
    if (report.bugs.length) {
      await vscode.commands.executeCommand("workbench.actions.view.problems");
    }
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const fixes = context.diagnostics.filter((diagnostic): diagnostic is Finding => diagnostic instanceof Finding && !!diagnostic.fix);
    const actions = fixes.map((finding) => {
      const action = new vscode.CodeAction(`Andiron: ${finding.message}`, vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.set(document.uri, [...finding.fix!]);
      action.diagnostics = [finding];
      return action;
    });
    if (!maySend(document)) {
      return actions;
    }
    const [problem] = context.diagnostics;
    if (problem) {
      actions.push(command("Andiron: Explain the problem", vscode.CodeActionKind.QuickFix, "andiron.explain", problem.range));
    }
    if (!range.isEmpty) {
      actions.push(
        command("Andiron: Refactor…", vscode.CodeActionKind.RefactorRewrite, "andiron.refactor", range),
        command("Andiron: Explain", vscode.CodeActionKind.RefactorRewrite, "andiron.explain", range),
        command("Andiron: Find bugs", vscode.CodeActionKind.RefactorRewrite, "andiron.findBugs", range),
        command("Andiron: Generate tests", vscode.CodeActionKind.RefactorRewrite, "andiron.generateTests", range),
      );
    }
    return actions;
  }

  dispose(): void {
    for (const { timer, abort } of this.#waiting.values()) {
      clearTimeout(timer);
      abort.abort();
    }
    this.#subscriptions.dispose();
  }

  #later(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    const before = this.#waiting.get(key);
    clearTimeout(before?.timer);
    before?.abort.abort();
    if (!this.#isWanted(document)) {
      return;
    }
    // What was found where nothing was written since moves along with the text by the editor's own doing; bugs do not.
    this.#bugs.delete(document.uri);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      this.#analyse(document, abort.signal).catch((error: unknown) => {
        if (!(error instanceof CancelledError)) {
          this.log.debug(`no analysis: ${String(error)}`);
        }
      });
    }, REST_MILLISECONDS);
    this.#waiting.set(key, { timer, abort });
  }

  #isWanted(document: vscode.TextDocument): boolean {
    const settings = vscode.workspace.getConfiguration("andiron.diagnostics", document);
    if (!settings.get("enabled", true) || !this.daemon.isThere || !maySend(document) || document.getText().length > LONGEST_CHARACTERS) {
      return false;
    }
    const chosen = settings.get<string[]>("languages", []);
    if (chosen.length) {
      return chosen.includes(document.languageId);
    }
    const others = LINTERS[document.languageId] ?? [];
    return document.languageId !== "plaintext" && !others.some((id) => vscode.extensions.getExtension(id));
  }

  async #analyse(document: vscode.TextDocument, signal: AbortSignal): Promise<Analysis> {
    const { version } = document;
    const language = languageOf(document);
    const body = { code: document.getText(), path: pathOf(document), ...(language ? { language } : {}) };
    const analysis = await this.daemon.client.json<Analysis>("POST", "/api/v1/code/analyze", body, { signal });
    if (document.version === version && !document.isClosed) {
      this.#analysed.set(document.uri, [...analysis.parse.errors.map(parseFinding), ...analysis.diagnostics.map(finding)]);
    }
    return analysis;
  }

  #forget(document: vscode.TextDocument): void {
    const waiting = this.#waiting.get(document.uri.toString());
    clearTimeout(waiting?.timer);
    waiting?.abort.abort();
    this.#waiting.delete(document.uri.toString());
    this.#analysed.delete(document.uri);
    this.#bugs.delete(document.uri);
  }
}

function command(title: string, kind: vscode.CodeActionKind, name: string, range: vscode.Range): vscode.CodeAction {
  const action = new vscode.CodeAction(title, kind);
  action.command = { command: name, title, arguments: [range] };
  return action;
}

function parseFinding({ range, message }: Analysis["parse"]["errors"][number]): Finding {
  const made = new Finding(editorRange(range), message, vscode.DiagnosticSeverity.Error);
  made.source = "andiron syntax";
  return made;
}

function finding(diagnostic: Diagnostic): Finding {
  const made = new Finding(editorRange(diagnostic.range), diagnostic.message, SEVERITIES[diagnostic.severity]);
  made.source = diagnostic.source;
  made.code = diagnostic.url ? { value: diagnostic.rule, target: vscode.Uri.parse(diagnostic.url) } : diagnostic.rule;
  made.fix = diagnostic.fix?.map((edit) => vscode.TextEdit.replace(editorRange(edit.range), edit.new_text));
  return made;
}

function bugFinding(bug: Bug): Finding {
  const parts = [bug.title, bug.explanation, bug.suggestion ? `Suggestion: ${bug.suggestion}` : "", `(${bug.source}, confidence ${bug.confidence})`];
  const made = new Finding(editorRange(bug.range), parts.filter(Boolean).join("\n"), SEVERITIES[bug.severity]);
  made.source = "andiron bugs";
  made.code = bug.url ? { value: bug.category, target: vscode.Uri.parse(bug.url) } : bug.category;
  return made;
}
