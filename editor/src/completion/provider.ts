/**
 * Ghost text: one request to the daemon for each rest of the typing, and what became of it told afterwards.
 *
 * A request the editor cancels is given a moment before its connection is closed: the daemon lets the next one
 * follow what this one has begun to write, and ends it by itself otherwise.
 */

import { randomUUID } from "node:crypto";

import * as vscode from "vscode";

import { CancelledError, DaemonError } from "../client";
import type { Daemon } from "../daemon";
import { languageOf, maySend, pathOf, type RecentDocuments } from "../documents";
import type { CompletionAnswer } from "../wire";
import { Feedback } from "./feedback";
import { Pace } from "./pace";

const GRACE_MILLISECONDS = 400;
const LONGEST_CHARACTERS = 2_000_000;

export class CompletionProvider implements vscode.InlineCompletionItemProvider, vscode.Disposable {
  readonly #session = randomUUID();
  readonly #pace = new Pace();
  readonly #feedback: Feedback;
  readonly #subscriptions: vscode.Disposable[];
  #lastMessage = "";

  constructor(
    private readonly daemon: Daemon,
    private readonly recent: RecentDocuments,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#feedback = new Feedback(daemon, log);
    this.#subscriptions = [
      this.#feedback,
      vscode.workspace.onDidChangeTextDocument((change) => {
        if (change.document === vscode.window.activeTextEditor?.document && change.contentChanges.length) {
          this.#pace.typed();
        }
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => editor && void this.#warmUp(editor)),
    ];
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const isAsked = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if (!this.#isWanted(document, isAsked)) {
      return [];
    }
    const settings = vscode.workspace.getConfiguration("andiron.completion", document);
    if (!isAsked && (await isCancelledWithin(this.#pace.delayMilliseconds(settings.get("longestDelayMilliseconds", 300)), token))) {
      return [];
    }
    try {
      return await this.#ask(document, position, context, token);
    } catch (error) {
      this.#tell(error, isAsked);
      return [];
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #isWanted(document: vscode.TextDocument, isAsked: boolean): boolean {
    if (!this.daemon.isThere || !maySend(document)) {
      return false;
    }
    const settings = vscode.workspace.getConfiguration("andiron.completion", document);
    const isOff = !settings.get("enabled", true) || settings.get<string[]>("disabledLanguages", []).includes(document.languageId);
    return isAsked || !(isOff || this.daemon.condition === "paused");
  }

  async #ask(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    // What the list of suggestions has selected counts as typed: ghost text has to go on from it.
    const chosen = context.selectedCompletionInfo;
    const offset = document.offsetAt(position);
    const text = document.getText();
    if (text.length > LONGEST_CHARACTERS) {
      return [];
    }
    const prefix = chosen ? text.slice(0, document.offsetAt(chosen.range.start)) + chosen.text : text.slice(0, offset);
    const suffix = text.slice(chosen ? document.offsetAt(chosen.range.end) : offset);
    const started = performance.now();
    const answer = await this.#request(document, prefix, suffix, token);
    const first = answer.completions[0];
    if (answer.cached === "no" && !answer.reason) {
      this.#pace.answered(performance.now() - started);
    }
    if (!first || token.isCancellationRequested) {
      this.log.debug(`nothing is offered: ${answer.reason ?? "cancelled"}`);
      return [];
    }
    const replaced = first.range.end.character - first.range.start.character;
    const range = chosen
      ? new vscode.Range(chosen.range.start, chosen.range.end.translate(0, replaced))
      : new vscode.Range(position, position.translate(0, replaced));
    const item = new vscode.InlineCompletionItem(chosen ? chosen.text + first.text : first.text, range);
    item.command = { command: "andiron.completion.accepted", title: "", arguments: [answer.id] };
    this.#feedback.offered({ id: answer.id, text: first.text, document: document.uri.toString(), offset: prefix.length }, prefix);
    return [item];
  }

  async #request(document: vscode.TextDocument, prefix: string, suffix: string, token?: vscode.CancellationToken): Promise<CompletionAnswer> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const subscription = token?.onCancellationRequested(() => {
      timer = setTimeout(() => abort.abort(), GRACE_MILLISECONDS);
    });
    try {
      return await this.daemon.client.json<CompletionAnswer>("POST", "/api/v1/code/complete", this.#body(document, prefix, suffix, token ? undefined : 0), {
        signal: abort.signal,
      });
    } finally {
      clearTimeout(timer);
      subscription?.dispose();
    }
  }

  #body(document: vscode.TextDocument, prefix: string, suffix: string, maxTokens?: number): object {
    const most = vscode.workspace.getConfiguration("andiron.completion", document).get("contextFiles", 8);
    const language = languageOf(document);
    return {
      prefix,
      suffix,
      path: pathOf(document),
      ...(language ? { language } : {}),
      session: this.#session,
      context: most ? this.recent.context(document, most) : [],
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    };
  }

  /** Have a file that was opened evaluated before anything is typed in it. */
  async #warmUp(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    if (!this.#isWanted(document, false) || document.getText().length > LONGEST_CHARACTERS) {
      return;
    }
    const offset = document.offsetAt(editor.selection.active);
    const text = document.getText();
    try {
      await this.#request(document, text.slice(0, offset), text.slice(offset));
    } catch (error) {
      this.#tell(error, false);
    }
  }

  /** Say what went wrong: in the log once, and to a person who asked. */
  #tell(error: unknown, isAsked: boolean): void {
    if (error instanceof CancelledError) {
      return;
    }
    const message = error instanceof DaemonError ? `${error.code}: ${error.message}` : String(error);
    if (message !== this.#lastMessage) {
      this.log.warn(`no completion: ${message}`);
      this.#lastMessage = message;
    }
    if (isAsked) {
      void vscode.window.setStatusBarMessage(`Andiron: ${message}`, 5_000);
    }
  }
}

/** Wait; true if the token was cancelled meanwhile. */
async function isCancelledWithin(milliseconds: number, token: vscode.CancellationToken): Promise<boolean> {
  if (milliseconds > 0 && !token.isCancellationRequested) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, milliseconds);
      const subscription = token.onCancellationRequested(done);
      function done(): void {
        clearTimeout(timer);
        subscription.dispose();
        resolve();
      }
    });
  }
  return token.isCancellationRequested;
}
