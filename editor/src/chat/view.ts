/**
 * The chat's view: the conversation in front, and the traffic between its page and the daemon.
 *
 * Markdown is rendered by the editor's own Markdown extension and cleaned by the page. The page has no network.
 */

import { randomBytes } from "node:crypto";

import * as vscode from "vscode";

import { CancelledError, DaemonError } from "../client";
import type { Daemon } from "../daemon";
import { generate } from "../generation";
import type { ChatAnswer, Conversation, ConversationSummary } from "../wire";
import { type Chip, gathered, selectionChips } from "./chips";
import { applyBlock } from "./blocks";
import type { FromPage, ToPage } from "./messages";

const RENDER_MILLISECONDS = 80;

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  #view: vscode.WebviewView | undefined;
  #isPageReady = false;
  #conversation: string | undefined;
  #chips: Chip[] = [];
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
      daemon.onDidChange(() => this.#showCondition()),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#isPageReady = false;
    view.webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.context.extensionUri, "dist"), vscode.Uri.joinPath(this.context.extensionUri, "media")] };
    view.webview.html = this.#page(view.webview);
    view.webview.onDidReceiveMessage((message: FromPage) => void this.#heard(message));
    view.onDidDispose(() => {
      this.#view = undefined;
      this.#isPageReady = false;
    });
  }

  /** Begin a conversation. */
  async startNew(): Promise<void> {
    this.#answering?.abort();
    await this.#choose(undefined);
    this.#send({ type: "cleared" });
  }

  /** Ask about what is marked in the editor. */
  async addSelection(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor) {
      this.#addChips(selectionChips(editor));
    }
    await vscode.commands.executeCommand("andiron.chat.focus");
    this.#send({ type: "focus" });
  }

  /** Choose among the conversations there were; typing searches in all that was said. */
  async showHistory(): Promise<void> {
    const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { id: string }>();
    pick.placeholder = "Search the conversations";
    const search = async (): Promise<void> => {
      pick.busy = true;
      const query = pick.value.trim();
      try {
        const parameters = new URLSearchParams({ limit: "50", ...(query ? { q: query } : {}) });
        const page = await this.daemon.client.json<{ conversations: ConversationSummary[] }>("GET", `/api/v1/chat/conversations?${parameters}`);
        if (pick.value.trim() === query) {
          pick.items = page.conversations.map((one) => ({
            id: one.id,
            label: one.title,
            description: new Date(one.updated_at).toLocaleString(),
            detail: (one.snippet ?? one.preview).replaceAll(/<\/?mark>/g, ""),
            alwaysShow: true,
            buttons: [{ iconPath: new vscode.ThemeIcon("trash"), tooltip: "Delete" }],
          }));
        }
      } catch (error) {
        this.#complain(error);
      }
      pick.busy = false;
    };
    let timer: NodeJS.Timeout | undefined;
    pick.onDidChangeValue(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void search(), 150);
    });
    pick.onDidTriggerItemButton(async ({ item }) => {
      await this.daemon.client.json("DELETE", `/api/v1/chat/conversations/${item.id}`).catch((error: unknown) => this.#complain(error));
      if (item.id === this.#conversation) {
        await this.startNew();
      }
      await search();
    });
    pick.onDidAccept(async () => {
      const [chosen] = pick.selectedItems;
      pick.hide();
      if (chosen) {
        await this.#choose(chosen.id);
        await vscode.commands.executeCommand("andiron.chat.focus");
        await this.#showConversation();
      }
    });
    pick.onDidHide(() => pick.dispose());
    pick.show();
    await search();
  }

  dispose(): void {
    this.#answering?.abort();
    this.#subscriptions.dispose();
  }

  async #heard(message: FromPage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#isPageReady = true;
        this.#showCondition();
        this.#send({ type: "chips", chips: this.#chips.map(({ id, label, detail }) => ({ id, label, detail })) });
        await this.#showConversation();
        break;
      case "ask":
        await this.#answer("/api/v1/chat/stream", this.#question(message.text), message.text);
        break;
      case "regenerate":
        if (this.#conversation) {
          await this.#answer(`/api/v1/chat/conversations/${this.#conversation}/regenerate`, {}, undefined);
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

  async #answer(path: string, body: object, question: string | undefined): Promise<void> {
    if (this.#answering) {
      return;
    }
    const answering = (this.#answering = new AbortController());
    this.#send({ type: "asked", ...(question === undefined ? {} : { text: question }) });
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    const show = async (): Promise<void> => {
      timer = undefined;
      this.#send({ type: "growing", html: await rendered(text) });
    };
    try {
      const answer = await generate<ChatAnswer>(
        this.daemon.client,
        path,
        body,
        {
          started: (by) => {
            if (by.conversation_id) {
              void this.#choose(by.conversation_id);
            }
            this.#send({ type: "started", by: `${by.model} (${by.backend})` });
          },
          told: (piece) => {
            text += piece;
            timer ??= setTimeout(() => void show(), RENDER_MILLISECONDS);
          },
        },
        answering.signal,
      );
      clearTimeout(timer);
      await this.#choose(answer.conversation_id);
      this.#send({ type: "answered", html: await rendered(answer.message.content), notes: notesOf(answer) });
      this.#chips = [];
      this.#showChips();
    } catch (error) {
      clearTimeout(timer);
      const isStopped = error instanceof CancelledError;
      const trouble = isStopped ? "stopped" : describe(error);
      this.#send({ type: "brokeOff", html: await rendered(text), trouble, isStopped });
      this.log.info(`a chat ended early: ${trouble}`);
    } finally {
      this.#answering = undefined;
    }
  }

  async #choose(id: string | undefined): Promise<void> {
    this.#conversation = id;
    await this.context.workspaceState.update("conversation", id);
  }

  async #showConversation(): Promise<void> {
    if (!this.#conversation || !this.daemon.isThere) {
      this.#send({ type: "cleared" });
      return;
    }
    try {
      const conversation = await this.daemon.client.json<Conversation>("GET", `/api/v1/chat/conversations/${this.#conversation}`);
      const turns = await Promise.all(
        conversation.messages.map(async (message) => ({
          role: message.role,
          html: message.role === "assistant" ? await rendered(message.content) : undefined,
          text: message.content,
          notes: message.model ? [`${message.model} (${message.backend})`] : [],
        })),
      );
      this.#send({ type: "conversation", title: conversation.title, turns });
    } catch (error) {
      if (error instanceof DaemonError && error.code === "not_found") {
        await this.#choose(undefined);
        this.#send({ type: "cleared" });
      } else {
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

  #page(webview: vscode.Webview): string {
    const uri = (...parts: string[]): string => webview.asWebviewUri(vscode.Uri.joinPath(this.context.extensionUri, ...parts)).toString();
    const nonce = randomBytes(16).toString("base64");
    const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri("media", "chat.css")}">
<title>Andiron</title>
</head>
<body>
<p id="condition" role="status"></p>
<main id="turns" role="log" aria-label="Conversation" aria-live="polite" tabindex="0"></main>
<form id="ask" aria-label="Ask">
<ul id="chips" aria-label="What is sent along"></ul>
<textarea id="text" rows="3" placeholder="Ask about your code" aria-label="Message"></textarea>
<div class="row">
<button type="button" data-chip="file">+ File</button>
<button type="button" data-chip="selection">+ Selection</button>
<button type="button" data-chip="diagnostics">+ Problems</button>
<span class="space"></span>
<button type="button" id="regenerate" title="Answer the last message again">Again</button>
<button type="submit" id="send">Send</button>
<button type="button" id="stop" hidden>Stop</button>
</div>
</form>
<script nonce="${nonce}" src="${uri("dist", "chat.js")}"></script>
</body>
</html>`;
  }
}

/** Render Markdown by the editor's own extension; plain text where that is not there. The page cleans it. */
async function rendered(markdown: string): Promise<string> {
  try {
    return (await vscode.commands.executeCommand<string>("markdown.api.render", markdown)) ?? escaped(markdown);
  } catch {
    return escaped(markdown);
  }
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return `<pre>${text.replaceAll(/[&<>]/g, (sign) => entities[sign]!)}</pre>`;
}

function describe(error: unknown): string {
  return error instanceof DaemonError ? [error.message, error.hint].filter(Boolean).join(". ") : String(error);
}

/** Say who answered, how fast, and what was cut or kept back. */
function notesOf(answer: ChatAnswer): string[] {
  const { usage, timings, truncated } = answer;
  const notes = [`${answer.model} (${answer.backend})`];
  if (timings.generate_ms > 0) {
    notes.push(`${((1000 * usage.completion_tokens) / timings.generate_ms).toFixed(0)} tokens/s`);
  }
  if (answer.finish_reason === "length") {
    notes.push("cut at the longest answer allowed");
  }
  if (truncated) {
    notes.push(`left out: ${truncated.what} (${truncated.dropped_tokens} tokens)`);
  }
  notes.push(...answer.context_used.filter((use) => use.cut).map((use) => `${use.path} was cut to ${use.tokens} tokens`));
  if (answer.masked) {
    notes.push(`${answer.masked} secrets masked`);
  }
  if (answer.withheld?.length) {
    notes.push(`not sent: ${answer.withheld.join(", ")}`);
  }
  return notes;
}
