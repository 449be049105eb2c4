/**
 * The chat's view: the conversation in front, and the traffic between its page and the daemon.
 *
 * Markdown is rendered by the editor's own Markdown extension and cleaned by the page. The page has no network.
 */

import vscode = require("vscode");

import { CancelledError, DaemonError, describe } from "../client";
import type { Daemon } from "../daemon";
import { generate, type Onlooker } from "../generation";
import type { ChatAnswer, Conversation } from "../wire";
import { type Chip, gathered, selectionChips } from "./chips";
import { applyBlock } from "./blocks";
import { Growth } from "./growth";
import { showHistory } from "./history";
import type { FromPage, ToPage } from "./messages";
import { showPage } from "./page";
import { notesOf, rendered, turnOf } from "./rendering";

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  #view: vscode.WebviewView | undefined;
  #isPageReady = false;
  #conversation: string | undefined;
  #chips: Chip[] = [];
  /** What the page shows; it has to be fetched where that is another one. */
  #shown: string | undefined;
  /** How often the page began anew: the editor makes another one where its view is moved. */
  #pages = 0;
  #drawn: (() => void) | undefined;
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
      this.#drawn?.();
    });
  }

  /** Begin a conversation, ready to be written to. */
  async startNew(): Promise<void> {
    this.#begin();
    await this.#focus();
  }

  async #focus(): Promise<void> {
    await vscode.commands.executeCommand("andiron.chat.focus");
    this.#send({ type: "focus" });
  }

  #begin(): void {
    this.#leave();
    this.#choose(undefined);
    this.#clear();
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
        this.#choose(id);
        await vscode.commands.executeCommand("andiron.chat.focus");
        await this.#showConversation();
      },
      deleted: async (id) => {
        if (id === this.#conversation) {
          this.#begin();
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
        this.#pages += 1;
        this.#drawn?.();
        this.#showCondition();
        this.#showChips();
        void rendered(""); // the editor's Markdown wakes up while nobody waits for it
        await this.#showAgain();
        break;
      case "drawn":
        this.#drawn?.();
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
    const pages = this.#pages;
    this.#send({ type: "asked", ...(question === undefined ? {} : { text: question }) });
    let text = "";
    let isTaken = false;
    const growth = new Growth(async () => {
      const html = await rendered(text);
      if (isInFront()) {
        await this.#draw(html);
      }
    });
    const onlooker: Onlooker = {
      started: (by) => {
        isTaken = true;
        if (isInFront()) {
          this.#choose(by.conversation_id ?? this.#conversation);
          this.#shown = this.#conversation;
          this.#send({ type: "started", by: `${by.model} (${by.backend})` });
        }
      },
      told: (piece) => {
        text += piece;
        growth.grown();
      },
    };
    try {
      const answer = await generate<ChatAnswer>(this.daemon.client, path, body, onlooker, answering.signal);
      const html = await rendered(answer.message.content);
      if (isInFront()) {
        this.#answering = undefined;
        this.#choose(answer.conversation_id);
        this.#chips = this.#chips.filter((chip) => !sent.includes(chip));
        this.#send({ type: "answered", html, notes: notesOf(answer) });
        this.#showChips();
      }
    } catch (error) {
      const html = text && (await rendered(text));
      if (isInFront()) {
        this.#answering = undefined;
        await this.#tellEnd(error, html, isTaken ? undefined : question);
      }
    } finally {
      growth.end();
    }
    if (!this.#answering && pages !== this.#pages) {
      await this.#showConversation(); // the page of now does not know what was said before
    }
  }

  /** Show what has come so far, and wait until that is seen. */
  async #draw(html: string): Promise<void> {
    if (this.#isPageReady) {
      await new Promise<void>((resolve) => {
        this.#drawn = resolve;
        this.#send({ type: "growing", html });
      });
    }
  }

  /** Tell of an answer that ended early. A question the daemon did not take goes back to where it was written. */
  async #tellEnd(error: unknown, html: string, unasked: string | undefined): Promise<void> {
    const isStopped = error instanceof CancelledError;
    const trouble = isStopped ? "stopped" : describe(error);
    this.log.info(`a chat ended early: ${trouble}`);
    if (error instanceof DaemonError && error.code === "not_found") {
      this.#begin(); // the conversation was deleted in another window, or on the page
    }
    this.#send({ type: "brokeOff", html, trouble, isStopped, ...(unasked === undefined ? {} : { unasked }) });
    if (!html && unasked === undefined && this.#conversation && this.daemon.isThere) {
      await this.#showConversation(); // what was to be answered anew is still there
      if (!isStopped) {
        this.#send({ type: "trouble", trouble });
      }
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

  #choose(id: string | undefined): void {
    this.#conversation = id;
    void this.context.workspaceState.update("conversation", id);
  }

  /** Show a page that begins anew what is going on. */
  async #showAgain(): Promise<void> {
    if (this.#answering) {
      this.#send({ type: "asked" });
    } else {
      await this.#showConversation();
    }
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
        this.#begin();
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
    const detail = trouble?.advice ?? state?.chat_model ?? state?.model ?? "";
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
