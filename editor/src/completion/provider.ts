/**
 * Ghost text: one request to the daemon for each rest of the typing, and what became of it told afterwards.
 *
 * A request the editor cancels is given a moment before its connection is closed: the daemon lets the next one
 * follow what this one has begun to write, and ends it by itself otherwise. What a person asked for and no longer
 * wants is ended at once: Escape, which the editor itself heeds only once there is something to hide.
 */

import { randomUUID } from "node:crypto";

import vscode = require("vscode");

import { CancelledError, DaemonError } from "../client";
import type { Daemon } from "../daemon";
import { languageOf, maySend, pathOf, type RecentDocuments } from "../documents";
import type { CompletionAnswer } from "../wire";
import { Feedback } from "./feedback";
import { Pace } from "./pace";
import { type Around, around } from "./surroundings";

const GRACE_MILLISECONDS = 400;
const REST_MILLISECONDS = 700;

export class CompletionProvider implements vscode.InlineCompletionItemProvider, vscode.Disposable {
  readonly #session = randomUUID();
  readonly #pace = new Pace();
  readonly #feedback: Feedback;
  readonly #subscriptions: vscode.Disposable[];
  #lastMessage = "";
  #wasThere = false;
  #rest: NodeJS.Timeout | undefined;
  #asked: AbortController | undefined;

  constructor(
    private readonly daemon: Daemon,
    private readonly recent: RecentDocuments,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#feedback = new Feedback(daemon, log);
    setAsked(false); // an extension host that broke down has left it as it was
    this.#subscriptions = [
      this.#feedback,
      vscode.workspace.onDidChangeTextDocument((change) => {
        if (change.document === vscode.window.activeTextEditor?.document && change.contentChanges.length) {
          this.#pace.typed();
        }
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#warmUpSoon(editor, 0)),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => this.#moved(textEditor, kind)),
      daemon.onDidChange(() => this.#daemonChanged()),
      vscode.commands.registerCommand("andiron.completion.stop", () => this.#asked?.abort()),
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
    const abort = new AbortController();
    this.#showAsked(isAsked ? abort : undefined);
    try {
      return await this.#ask(document, position, context, token, abort);
    } catch (error) {
      this.#tell(error, isAsked);
      return [];
    } finally {
      if (this.#asked === abort) {
        this.#showAsked(undefined);
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#rest);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #isWanted(document: vscode.TextDocument, isAsked: boolean): boolean {
    if (!this.daemon.isThere || document.isClosed || !maySend(document)) {
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
    abort: AbortController,
  ): Promise<vscode.InlineCompletionItem[]> {
    const place = around(document, position, context.selectedCompletionInfo);
    const { version } = document;
    const started = performance.now();
    const answer = await this.#request(document, place, abort, token);
    if (answer.reason === "paused") {
      throw new DaemonError("paused", "completions are paused");
    }
    const first = answer.completions[0];
    if (answer.cached === "no" && !answer.reason) {
      this.#pace.answered(performance.now() - started);
    }
    if (!first || token.isCancellationRequested) {
      this.log.debug(`nothing is offered: ${answer.reason ?? "cancelled"}`);
      return [];
    }
    // What it takes the place of are brackets and quotes right of the cursor, never more than the line.
    const replaced = first.range.end.character - first.range.start.character;
    const range = new vscode.Range(place.range.start, place.range.end.translate(0, replaced));
    const text = place.chosen + first.text;
    const item = new vscode.InlineCompletionItem(text, range);
    item.command = { command: "andiron.completion.accepted", title: "", arguments: [answer.id] };
    // The editor shows nothing for a place that was left.
    if (document.version === version && isCursorAt(document, position)) {
      const offset = document.offsetAt(place.range.start);
      this.#feedback.offered({ id: answer.id, document: document.uri.toString(), offset, text, given: place.chosen.length }, document);
    }
    return [item];
  }

  async #request(document: vscode.TextDocument, place: Around, abort: AbortController, token?: vscode.CancellationToken): Promise<CompletionAnswer> {
    let timer: NodeJS.Timeout | undefined;
    const subscription = token?.onCancellationRequested(() => {
      timer = setTimeout(() => abort.abort(), GRACE_MILLISECONDS);
    });
    try {
      return await this.daemon.client.json<CompletionAnswer>("POST", "/api/v1/code/complete", this.#body(document, place, token ? undefined : 0), {
        signal: abort.signal,
      });
    } finally {
      clearTimeout(timer);
      subscription?.dispose();
    }
  }

  #body(document: vscode.TextDocument, { prefix, suffix }: Around, maxTokens?: number): object {
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

  /** Let Escape end what a person waits for, and nothing else. */
  #showAsked(asked: AbortController | undefined): void {
    if (this.#asked !== asked) {
      this.#asked = asked;
      setAsked(asked !== undefined);
    }
  }

  #daemonChanged(): void {
    if (this.daemon.isThere && !this.#wasThere) {
      this.#warmUpSoon(vscode.window.activeTextEditor, 0);
    }
    this.#wasThere = this.daemon.isThere;
  }

  #moved(editor: vscode.TextEditor, kind: vscode.TextEditorSelectionChangeKind | undefined): void {
    clearTimeout(this.#rest);
    if (kind === vscode.TextEditorSelectionChangeKind.Mouse || kind === vscode.TextEditorSelectionChangeKind.Command) {
      this.#warmUpSoon(editor, REST_MILLISECONDS);
    }
  }

  /** Have the place evaluated where the cursor has come to rest, before anything is typed there. */
  #warmUpSoon(editor: vscode.TextEditor | undefined, milliseconds: number): void {
    clearTimeout(this.#rest);
    if (editor) {
      this.#rest = setTimeout(() => void this.#warmUp(editor), milliseconds);
    }
  }

  async #warmUp({ document, selection }: vscode.TextEditor): Promise<void> {
    if (this.#isWanted(document, false)) {
      try {
        await this.#request(document, around(document, selection.active), new AbortController());
      } catch (error) {
        this.#tell(error, false);
      }
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

function setAsked(isAsked: boolean): void {
  void vscode.commands.executeCommand("setContext", "andiron.isSuggestionAsked", isAsked);
}

function isCursorAt(document: vscode.TextDocument, position: vscode.Position): boolean {
  const editors = vscode.window.visibleTextEditors.filter((editor) => editor.document === document);
  return !editors.length || editors.some((editor) => editor.selection.active.isEqual(position));
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
