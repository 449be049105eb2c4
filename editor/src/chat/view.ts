/**
 * The chat's view: the conversation in front, and the traffic between its page and the daemon.
 *
 * Markdown is rendered by the editor's own Markdown extension and cleaned by the page. The page has no network.
 */

import * as vscode from "vscode";

import { CancelledError, DaemonError } from "../client";
import type { Daemon } from "../daemon";
import { generate, type Onlooker } from "../generation";
import type { ChatAnswer, Conversation } from "../wire";
import { type Chip, gathered, selectionChips } from "./chips";
import { applyBlock } from "./blocks";
import { showHistory } from "./history";
import type { FromPage, ToPage } from "./messages";
import { showPage } from "./page";
import { notesOf, rendered, turnOf } from "./rendering";

const RENDER_MILLISECONDS = 80;

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  #view: vscode.WebviewView | undefined;
  #isPageReady = false;
  #conversation: string | undefined;
  #chips: Chip[] = [];
  /** What the page shows; it has to be fetched where that is another one. */
  #shown: string | undefined;
  #answering: AbortController | undefined;
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#conversation = context.workspaceState.get<string>("conversation");
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.registerWebviewViewProvider("andiron.chat", this, { webviewOptions: { retainContextWhenHidden: true } }),
      daemon.onDidChange(() => this.#daemonChanged()),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#isPageReady = false;
    showPage(view.webview, this.context.extensionUri);
    view.webview.onDidReceiveMessage((message: FromPage) => void this.#heard(message));
    view.onDidDispose(() => {
      this.#view = undefined;
      this.#isPageReady = false;
    });
  }

  /** Begin a conversation, ready to be written to. */
  async startNew(): Promise<void> {
    await Promise.all([this.#begin(), this.#focus()]);
  }

  async #focus(): Promise<void> {
    await vscode.commands.executeCommand("andiron.chat.focus");
    this.#send({ type: "focus" });
  }

  async #begin(): Promise<void> {
    this.#leave();
    // The page is cleared before anything is waited for: what is asked next is not to be wiped away.
    const chosen = this.#choose(undefined);
    this.#clear();
    await chosen;
  }

  /** Ask about what is marked in the editor. */
  async addSelection(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor) {
      this.#addChips(selectionChips(editor));
    }
    await this.#focus();
  }

  /** Choose among the conversations there were. */
  showHistory(): Promise<void> {
    return showHistory({
      daemon: this.daemon,
      chosen: async (id) => {
        this.#leave();
        await this.#choose(id);
        await vscode.commands.executeCommand("andiron.chat.focus");
        await this.#showConversation();
      },
      deleted: async (id) => {
        if (id === this.#conversation) {
          await this.#begin();
        }
      },
      failed: (error) => this.#complain(error),
    });
  }

  dispose(): void {
    this.#leave();
    this.#subscriptions.dispose();
  }

  async #heard(message: FromPage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#isPageReady = true;
        this.#showCondition();
        this.#showChips();
        await this.#showConversation();
        break;
      case "ask":
        await this.#answer("/api/v1/chat/stream", this.#question(message.text), message.text);
        break;
      case "regenerate":
        if (this.#conversation) {
          await this.#answer(`/api/v1/chat/conversations/${encodeURIComponent(this.#conversation)}/regenerate`, {});
        }
        break;
      case "stop":
        this.#answering?.abort();
        break;
      case "addChip":
        this.#addChips(await gathered(message.kind));
        break;
      case "removeChip":
        this.#chips = this.#chips.filter((chip) => chip.id !== message.id);
        this.#showChips();
        break;
      case "block":
        await applyBlock(message.action, message.code, message.language).catch((error: unknown) => this.#complain(error));
        break;
      case "open":
        await vscode.commands.executeCommand(message.command);
    }
  }

  #question(text: string): object {
    const files = this.#chips.flatMap((chip) => chip.files());
    const diagnostics = this.#chips.flatMap((chip) => chip.diagnostics());
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    return {
      message: text,
      ...(this.#conversation ? { conversation_id: this.#conversation } : {}),
      context: { files, diagnostics, ...(workspace ? { workspace } : {}) },
    };
  }

  async #answer(path: string, body: object, question?: string): Promise<void> {
    if (this.#answering) {
      return;
    }
    const answering = (this.#answering = new AbortController());
    const isInFront = (): boolean => this.#answering === answering;
    const sent = question === undefined ? [] : this.#chips;
    this.#send({ type: "asked", ...(question === undefined ? {} : { text: question }) });
    let text = "";
    let isTaken = false;
    let timer: NodeJS.Timeout | undefined;
    const show = async (): Promise<void> => {
      const html = await rendered(text);
      timer = undefined;
      if (isInFront()) {
        this.#send({ type: "growing", html });
      }
    };
    const onlooker: Onlooker = {
      started: (by) => {
        isTaken = true;
        if (isInFront()) {
          void this.#choose(by.conversation_id ?? this.#conversation);
          this.#send({ type: "started", by: `${by.model} (${by.backend})` });
        }
      },
      told: (piece) => {
        text += piece;
        timer ??= setTimeout(() => void show(), RENDER_MILLISECONDS);
      },
    };
    try {
      const answer = await generate<ChatAnswer>(this.daemon.client, path, body, onlooker, answering.signal);
      if (isInFront()) {
        await this.#choose(answer.conversation_id);
        this.#answering = undefined;
        this.#send({ type: "answered", html: await rendered(answer.message.content), notes: notesOf(answer) });
        this.#chips = this.#chips.filter((chip) => !sent.includes(chip));
        this.#showChips();
      }
    } catch (error) {
      if (isInFront()) {
        this.#answering = undefined;
        await this.#tellEnd(error, text, isTaken ? undefined : question);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tell of an answer that ended early. A question the daemon did not take goes back to where it was written. */
  async #tellEnd(error: unknown, text: string, unasked: string | undefined): Promise<void> {
    const isStopped = error instanceof CancelledError;
    const trouble = isStopped ? "stopped" : describe(error);
    this.log.info(`a chat ended early: ${trouble}`);
    this.#send({ type: "brokeOff", html: await rendered(text), trouble, isStopped, ...(unasked === undefined ? {} : { unasked }) });
    if (!text && unasked === undefined) {
      await this.#showConversation(); // what was to be answered anew is still there
    }
  }

  /** Let go of what is being answered: it is no longer in front. */
  #leave(): void {
    this.#answering?.abort();
    this.#answering = undefined;
  }

  #clear(): void {
    this.#shown = undefined;
    this.#send({ type: "cleared" });
  }

  #daemonChanged(): void {
    this.#showCondition();
    if (this.daemon.isThere && !this.#answering && this.#conversation !== this.#shown) {
      void this.#showConversation();
    }
  }

  async #choose(id: string | undefined): Promise<void> {
    this.#conversation = id;
    if (this.#answering) {
      this.#shown = id;
    }
    await this.context.workspaceState.update("conversation", id);
  }

  async #showConversation(): Promise<void> {
    const id = this.#conversation;
    if (!id || !this.daemon.isThere) {
      this.#clear();
      return;
    }
    this.#shown = id;
    try {
      const conversation = await this.daemon.client.json<Conversation>("GET", `/api/v1/chat/conversations/${encodeURIComponent(id)}`);
      const turns = await Promise.all(conversation.messages.map(turnOf));
      if (this.#conversation === id && !this.#answering) {
        this.#send({ type: "conversation", title: conversation.title, turns });
      }
    } catch (error) {
      if (error instanceof DaemonError && error.code === "not_found") {
        await this.#begin();
      } else {
        this.#shown = undefined;
        this.#complain(error);
      }
    }
  }

  #addChips(chips: readonly Chip[]): void {
    this.#chips = this.#chips.filter((known) => !chips.some((chip) => chip.id === known.id)).concat(chips);
    this.#showChips();
  }

  #showChips(): void {
    this.#send({ type: "chips", chips: this.#chips.map(({ id, label, detail }) => ({ id, label, detail })) });
  }

  #showCondition(): void {
    const { condition, state, trouble } = this.daemon;
    const detail = trouble ? [trouble.message, trouble.hint].filter(Boolean).join(". ") : (state?.chat_model ?? state?.model ?? "");
    this.#send({ type: "condition", condition, detail });
  }

  #complain(error: unknown): void {
    if (!(error instanceof CancelledError)) {
      this.#send({ type: "trouble", trouble: describe(error) });
    }
  }

  #send(message: ToPage): void {
    if (this.#isPageReady) {
      void this.#view?.webview.postMessage(message);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof DaemonError ? [error.message, error.hint].filter(Boolean).join(". ") : String(error);
}
