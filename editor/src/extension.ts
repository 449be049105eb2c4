/** Wiring only: what there is, and who listens to whom. */

import vscode = require("vscode");

import { registerActions } from "./assist/actions";
import { Bugs } from "./assist/bugs";
import { Explanations } from "./assist/explain";
import { Findings } from "./assist/findings";
import { decide } from "./assist/offer";
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
  let took = 0;
  const log = vscode.window.createOutputChannel("Andiron", { log: true });
  const daemon = new Daemon(log);
  const recent = new RecentDocuments();
  const completion = new CompletionProvider(daemon, recent, log);
  const chat = new ChatView(context, daemon, log);
  const explanations = new Explanations(daemon);
  const findings = new Findings(daemon, log);
  const bugs = new Bugs(daemon);
  // Menus pass a resource as the first word; only the lightbulb passes a range, and what to do there.
  const about = (work: (range?: vscode.Range, told?: string) => unknown) => (range?: unknown, told?: unknown) =>
    work(range instanceof vscode.Range ? range : undefined, typeof told === "string" ? told : undefined);
  const register = (name: string, work: (...words: unknown[]) => unknown): vscode.Disposable => vscode.commands.registerCommand(`andiron.${name}`, work);
  context.subscriptions.push(
    log,
    daemon,
    recent,
    completion,
    chat,
    explanations,
    findings,
    bugs,
    registerActions(),
    servePreviews(),
    showStatus(daemon),
    new Trouble(daemon),
    registerMenu(daemon, log, () => took),
    vscode.languages.registerInlineCompletionItemProvider({ pattern: "**" }, completion),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (["url", "token", "home"].some((name) => event.affectsConfiguration(`andiron.${name}`))) {
        daemon.reconnect();
      }
    }),
    register("chat.new", () => chat.startNew()),
    register("chat.history", () => chat.showHistory()),
    register("chat.addSelection", () => chat.addSelection()),
    register("explain", about((range, question) => explanations.explain(range, question))),
    register("refactor", about((range, told) => refactor(daemon, range, told))),
    register("findBugs", about((range) => bugs.find(range))),
    register("generateTests", about((range) => generateTests(daemon, range))),
    register("analyze", () => findings.analyse()),
    register("applyChange", (preview) => decide(preview, true)),
    register("discardChange", (preview) => decide(preview, false)),
  );
  void daemon.connect();
  took = Math.round(performance.now() - started);
  log.info(`active after ${took} ms of its own`);
}

export function deactivate(): void {
  // Everything is in the context's subscriptions.
}
