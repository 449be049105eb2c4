// Chat without an editor: the conversations at the side, one of them in front; what happens to them is told to other tabs.

import { HAS_KEYBOARD } from "./composer.js";
import { Conversations } from "./conversations.js";
import { button, make, showTrouble } from "./elements.js";
import { Thread } from "./thread.js";

let chat = null;

/** Show the chat, as it was left; `chosen` is the id of a conversation, or `new`. */
export async function showChat(view, left, chosen) {
  chat ??= new Chat();
  view.append(chat.element);
  await chat.show(chosen || null);
}

class Chat {
  constructor() {
    this.threads = new Set();
    this.thread = null;
    this.tabs = new BroadcastChannel("conversations");
    this.tabs.onmessage = ({ data }) => this.changedElsewhere(data);
    this.front = make("section", { class: "front", "aria-label": "Chat" });
    this.conversations = new Conversations({ front: () => this.thread?.id, removing: (id) => this.kept(id)?.stop(), removed: (id) => this.forget(id), listed: (rows) => this.listed(rows) });
    this.toggle = button("☰", () => this.setListed(this.toggle.getAttribute("aria-expanded") !== "true"), { class: "toggle", title: "Conversations", "aria-label": "Conversations", "aria-expanded": "false", "aria-controls": "conversations" });
    // A title is made in the background, after the first answer.
    this.isTitleDue = false;
    addEventListener("focus", () => this.refresh());
    addEventListener("paste", (event) => { if (this.element.isConnected && event.target !== this.conversations.search) this.thread?.composer.paste(event); });
    addEventListener("state", ({ detail }) => { if (detail.condition === "ready" && this.isTitleDue) this.refresh(); });
    this.element = make("div", { class: "panes" }, this.toggle, this.conversations.element, this.front);
  }

  async show(chosen) {
    this.setListed(false);
    // The address may name the conversation only once the daemon has begun it.
    if (!chosen && this.thread) this.bring(this.thread);
    else if (!chosen || chosen === "new") this.bring(this.fresh());
    else await this.open(chosen);
    await this.conversations.show();
  }

  kept(id) {
    return [...this.threads].find((thread) => thread.id === id);
  }

  /** A new conversation that can be written in, also while another waits for the daemon to begin it. */
  fresh() {
    const unnamed = [...this.threads].filter((thread) => thread.id === null);
    const free = unnamed.find((thread) => !thread.answering);
    if (free) return free;
    const thread = this.begin(null);
    // The draft is still that of the one which waits.
    if (unnamed.length) thread.composer.text.value = "";
    return thread;
  }

  begin(id) {
    const thread = new Thread(id, { changed: () => this.changed(thread), deleted: () => this.moveOn(thread) });
    this.threads.add(thread);
    return thread;
  }

  async open(id) {
    const known = this.kept(id);
    const thread = known ?? this.begin(id);
    this.bring(thread);
    if (known) return;
    try {
      await thread.load();
      if (this.thread === thread) this.bring(thread);
    } catch (error) {
      this.threads.delete(thread);
      throw error;
    }
  }

  bring(thread) {
    // One that waits for nothing is read again when it is wanted.
    if (this.thread && this.thread !== thread && !this.thread.isBusy) this.threads.delete(this.thread);
    this.thread = thread;
    this.front.replaceChildren(thread.element);
    this.address();
    thread.showEnd();
    if (HAS_KEYBOARD) thread.composer.text.focus();
  }

  /** Let the address name what is in front, for a reload and for another tab. */
  address() {
    if (this.thread.id && this.element.isConnected) history.replaceState(null, "", `#chat/${this.thread.id}`);
    this.entitle();
  }

  entitle() {
    if (this.thread && this.element.isConnected) document.title = `Andiron: ${this.thread.title.textContent}`;
  }

  changed(thread) {
    if (!this.threads.has(thread)) return;
    if (thread.id) this.tabs.postMessage({ id: thread.id });
    if (thread.isStale && !thread.answering) thread.load().catch(showTrouble);
    if (thread === this.thread) this.address();
    if (thread !== this.thread && !thread.isBusy) this.threads.delete(thread);
    this.refresh();
    this.isTitleDue = !thread.answering;
  }

  /** Another tab said, named or deleted something. */
  changedElsewhere({ id, isDeleted }) {
    this.refresh();
    const thread = this.kept(id);
    if (thread && isDeleted) this.moveOn(thread);
    else if (thread?.answering) thread.isStale = true;
    else thread?.load().catch(showTrouble);
  }

  refresh() {
    this.isTitleDue = false;
    this.conversations.show().catch(() => {});
  }

  listed(rows) {
    for (const { id, title } of rows) this.kept(id)?.name(title);
    this.entitle();
  }

  /** A conversation that is no more: what is written in it goes on in a new one. */
  moveOn(thread) {
    const written = thread.composer.handOver();
    this.threads.delete(thread);
    if (written.text || written.files.length) this.fresh().composer.takeOver(written);
    if (thread !== this.thread) return;
    this.thread = null;
    showTrouble(`This conversation was deleted${written.text ? "; what you wrote stands in a new one" : ""}`);
    if (this.element.isConnected) location.replace("#chat/new");
  }

  forget(id) {
    const thread = this.kept(id);
    this.threads.delete(thread);
    thread?.composer.handOver();
    localStorage.removeItem(`draft/${id}`);
    this.tabs.postMessage({ id, isDeleted: true });
    if (thread === this.thread) location.hash = "#chat/new";
  }

  setListed(isListed) {
    this.element.classList.toggle("listed", isListed);
    this.toggle.setAttribute("aria-expanded", String(isListed));
  }
}
