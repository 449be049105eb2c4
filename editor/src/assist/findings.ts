/**
 * What the analysis finds while a file is edited, as diagnostics.
 *
 * It waits until the typing rests, and leaves languages alone that have a linter extension of their own.
 */

import vscode = require("vscode");

import { CancelledError } from "../client";
import type { Daemon } from "../daemon";
import { CELL, languageOf, maySend, pathOf } from "../documents";
import type { Analysis } from "../wire";
import { complain, subject } from "./asking";
import { finding, parseFinding } from "./finding";
import { hasLinter } from "./linters";

const REST_MILLISECONDS = 800;
const LONGEST_CHARACTERS = 1_000_000;

export class Findings implements vscode.Disposable {
  readonly #analysed = vscode.languages.createDiagnosticCollection("andiron");
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout; abort: AbortController }>();
  #wasThere = false;
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#subscriptions = vscode.Disposable.from(
      this.#analysed,
      vscode.workspace.onDidOpenTextDocument((document) => this.#later(document)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => contentChanges.length && this.#later(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("andiron") && this.#lookAgain()),
      daemon.onDidChange(() => this.#daemonChanged()),
    );
  }

  /** Analyse the file in front now, and say what came of it. */
  async analyse(): Promise<void> {
    const about = subject();
    if (!about) {
      return;
    }
    const location = vscode.ProgressLocation.Notification;
    await vscode.window.withProgress({ location, title: "Andiron: analyzing", cancellable: true }, async (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      try {
        tell(await this.#analyse(about.document, abort.signal));
        await vscode.commands.executeCommand("workbench.actions.view.problems");
      } catch (error) {
        complain(error);
      }
    });
  }

  dispose(): void {
    for (const { timer, abort } of this.#waiting.values()) {
      clearTimeout(timer);
      abort.abort();
    }
    this.#subscriptions.dispose();
  }

  #daemonChanged(): void {
    if (this.daemon.isThere && !this.#wasThere) {
      this.#lookAgain();
    }
    this.#wasThere = this.daemon.isThere;
  }

  #lookAgain(): void {
    vscode.workspace.textDocuments.forEach((document) => this.#later(document));
  }

  #later(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    const before = this.#waiting.get(key);
    clearTimeout(before?.timer);
    before?.abort.abort();
    if (!this.#isWanted(document)) {
      this.#analysed.delete(document.uri); // what was found before is about another text
      return;
    }
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
    // Alone, a cell of a notebook knows nothing of what the cells before it define.
    const isCell = document.uri.scheme === CELL;
    if (!settings.get("enabled", true) || !this.daemon.isThere || isCell || !maySend(document) || lengthOf(document) > LONGEST_CHARACTERS) {
      return false;
    }
    const chosen = settings.get<string[]>("languages", []);
    if (chosen.length) {
      return chosen.includes(document.languageId);
    }
    return document.languageId !== "plaintext" && !hasLinter(document.languageId, (id) => vscode.extensions.getExtension(id) !== undefined);
  }

  async #analyse(document: vscode.TextDocument, signal: AbortSignal): Promise<Analysis> {
    const { version } = document;
    const language = languageOf(document);
    const body = { code: document.getText(), path: pathOf(document), ...(language ? { language } : {}) };
    const analysis = await this.daemon.client.json<Analysis>("POST", "/api/v1/code/analyze", body, { signal });
    if (document.version === version && !document.isClosed) {
      this.#analysed.set(document.uri, [...analysis.parse.errors.map(parseFinding), ...analysis.diagnostics.map((one) => finding(one, version))]);
    }
    return analysis;
  }

  #forget(document: vscode.TextDocument): void {
    const waiting = this.#waiting.get(document.uri.toString());
    clearTimeout(waiting?.timer);
    waiting?.abort.abort();
    this.#waiting.delete(document.uri.toString());
    this.#analysed.delete(document.uri);
  }
}

/** Count a document's characters without making one text of them: this is asked at every key. */
function lengthOf(document: vscode.TextDocument): number {
  return document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
}

/** Say what came of an analysis. */
function tell({ metrics, linters, diagnostics, parse }: Analysis): void {
  const { functions = 0, max_complexity: complexity = 0, code_lines: lines = 0 } = metrics;
  const missing = linters.filter((linter) => !linter.ran).map((linter) => `${linter.name} (${linter.reason ?? "did not run"})`);
  const found = `${diagnostics.length + parse.errors.length} findings in ${lines} lines of code; ${functions} functions, highest complexity ${complexity}`;
  void vscode.window.showInformationMessage(`Andiron: ${found}.${missing.length ? ` Not run: ${missing.join(", ")}.` : ""}`);
}
