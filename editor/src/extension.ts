/** Wiring only: what there is, and who listens to whom. */

import * as vscode from "vscode";

import { Explanations } from "./assist/explain";
import { Findings } from "./assist/findings";
import { servePreviews } from "./assist/preview";
import { refactor } from "./assist/refactor";
import { generateTests } from "./assist/tests";
import { ChatView } from "./chat/view";
import { CompletionProvider } from "./completion/provider";
import { Daemon } from "./daemon";
import { RecentDocuments } from "./documents";
import { registerMenu } from "./menu";
import { showStatus } from "./status";
import { Trouble } from "./trouble";

export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const log = vscode.window.createOutputChannel("Andiron", { log: true });
  const daemon = new Daemon(log);
  const recent = new RecentDocuments();
  const completion = new CompletionProvider(daemon, recent, log);
  const chat = new ChatView(context, daemon, log);
  const explanations = new Explanations(daemon);
  const findings = new Findings(daemon, log);
  const about = (work: (range?: vscode.Range) => unknown) => (range?: unknown) => work(range instanceof vscode.Range ? range : undefined);
  const register = (name: string, work: (...words: unknown[]) => unknown): vscode.Disposable => vscode.commands.registerCommand(`andiron.${name}`, work);
  context.subscriptions.push(
    log,
    daemon,
    recent,
    completion,
    chat,
    explanations,
    findings,
    servePreviews(),
    showStatus(daemon),
    new Trouble(daemon),
    registerMenu(daemon, log),
    vscode.languages.registerInlineCompletionItemProvider({ pattern: "**" }, completion),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (["url", "token", "home"].some((name) => event.affectsConfiguration(`andiron.${name}`))) {
        daemon.reconnect();
      }
    }),
    register("chat.new", () => chat.startNew()),
    register("chat.history", () => chat.showHistory()),
    register("chat.addSelection", () => chat.addSelection()),
    register("explain", about((range) => explanations.explain(range))),
    register("refactor", about((range) => refactor(daemon, range))),
    register("findBugs", about((range) => findings.findBugs(range))),
    register("generateTests", about((range) => generateTests(daemon, range))),
    register("analyze", () => findings.analyse()),
  );
  void daemon.connect();
  log.info(`active after ${(performance.now() - started).toFixed(0)} ms of its own`);
}

export function deactivate(): void {
  // Everything is in the context's subscriptions.
}
