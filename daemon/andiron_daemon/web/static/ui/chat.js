// Chat without an editor: conversations with search at the side, the one in front, files dropped in as context.

import { ApiError, ask, events } from "./api.js";
import { button, bytes, doing, make, showTrouble } from "./elements.js";
import { showMarkdown } from "./markdown.js";

const LARGEST_FILE_BYTES = 2_000_000;
const DRAW_MILLISECONDS = 60;

/** Show the chat; `chosen` is the id of a conversation. */
export async function showChat(view, left, chosen) {
  const chat = new Chat(view, left);
  left.addEventListener("abort", () => chat.stop());
  await Promise.all([chat.list(), chosen ? chat.open(chosen) : null]);
}

class Chat {
  constructor(view, left) {
    this.left = left;
    this.id = null;
    this.files = [];
    this.answering = null;
    this.turns = make("div", { class: "turns", role: "log", "aria-live": "polite", "aria-label": "Conversation", tabIndex: 0 });
    this.text = make("textarea", { rows: 3, placeholder: "Ask. Drop files here to show them.", "aria-label": "Message", onkeydown: (event) => this.key(event) });
    this.chips = make("ul", { class: "chips", "aria-label": "Files sent along" });
    this.sendButton = make("button", { type: "submit", class: "main" }, "Send");
    this.stopButton = button("Stop", () => this.stop(), { class: "main", hidden: true });
    this.againButton = button("Again", doing(() => this.again()), { disabled: true, title: "Answer the last message again" });
    this.found = make("ul", { class: "conversations" });
    this.search = make("input", { type: "search", placeholder: "Search", "aria-label": "Search the conversations", oninput: () => this.searchSoon() });
    const form = make(
      "form",
      { class: "ask", onsubmit: (event) => this.submit(event) },
      this.chips,
      this.text,
      make("div", { class: "row" }, this.filePicker(), make("span", { class: "space" }), this.againButton, this.sendButton, this.stopButton),
    );
    const front = make("section", { class: "front", "aria-label": "Chat" }, this.turns, form);
    for (const name of ["dragover", "drop"]) front.addEventListener(name, (event) => this.drop(event));
    const side = make("aside", { "aria-label": "Conversations" }, make("div", { class: "row" }, this.search, button("New", () => this.begin())), this.found);
    view.append(side, front);
  }

  filePicker() {
    const input = make("input", { type: "file", multiple: true, hidden: true, onchange: () => this.add(input.files) });
    return make("span", {}, button("+ File", () => input.click()), input);
  }

  // -- conversations

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.list().catch(showTrouble), 150);
  }

  async list() {
    const query = this.search.value.trim();
    const page = await ask("GET", `/api/v1/chat/conversations?${new URLSearchParams({ limit: "50", ...(query && { q: query }) })}`, undefined, this.left);
    if (query !== this.search.value.trim()) return;
    this.found.replaceChildren(
      ...page.conversations.map((one) =>
        make(
          "li",
          { class: one.id === this.id ? "now" : "" },
          make("a", { href: `#chat/${one.id}` }, make("strong", {}, one.title), make("span", {}, marked(one.snippet ?? one.preview, query))),
          button("×", doing(() => this.remove(one)), { "aria-label": `Delete ${one.title}` }),
        ),
      ),
    );
  }

  async open(id) {
    try {
      const conversation = await ask("GET", `/api/v1/chat/conversations/${encodeURIComponent(id)}`, undefined, this.left);
      this.id = id;
      for (const message of conversation.messages) {
        if (message.role === "user") this.question(message.content);
        else if (message.role === "assistant") {
          const turn = this.turn("assistant", "Andiron answered");
          showMarkdown(turn.firstChild, message.content, true);
          if (message.model) this.note(turn, [`${message.model} (${message.backend})`, ...(message.error ? [message.error] : [])]);
        }
      }
      this.againButton.disabled = !conversation.messages.length;
      this.turns.scrollTop = this.turns.scrollHeight;
    } catch (error) {
      if (error.code !== "not_found") throw error;
      location.replace("#chat");
    }
  }

  async remove(one) {
    if (!confirm(`Delete “${one.title}”?`)) return;
    await ask("DELETE", `/api/v1/chat/conversations/${one.id}`);
    if (one.id === this.id) this.begin();
    await this.list();
  }

  begin() {
    this.stop();
    this.id = null;
    this.turns.replaceChildren();
    this.againButton.disabled = true;
    history.replaceState(null, "", "#chat");
    this.text.focus();
  }

  // -- files

  drop(event) {
    event.preventDefault();
    if (event.type === "drop") this.add(event.dataTransfer.files);
  }

  async add(files) {
    for (const file of files) {
      if (file.size > LARGEST_FILE_BYTES) {
        showTrouble(`${file.name} has ${bytes(file.size)}; up to ${bytes(LARGEST_FILE_BYTES)} are sent.`);
        continue;
      }
      const content = await file.text();
      if (content.includes("\0")) showTrouble(`${file.name} is not text.`);
      else this.files.push({ path: file.name, content });
    }
    this.showFiles();
  }

  showFiles() {
    this.chips.replaceChildren(
      ...this.files.map((file) =>
        make("li", {}, file.path, button("×", () => { this.files = this.files.filter((other) => other !== file); this.showFiles(); }, { "aria-label": `Do not send ${file.path}` })),
      ),
    );
  }

  // -- asking

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.sendButton.form.requestSubmit();
    } else if (event.key === "Escape") this.stop();
  }

  submit(event) {
    event.preventDefault();
    const message = this.text.value.trim();
    if (!message || this.answering) return;
    this.text.value = "";
    this.question(message);
    const context = this.files.length ? { context: { files: this.files } } : {};
    this.answer("/api/v1/chat/stream", { message, ...(this.id && { conversation_id: this.id }), ...context }, message).catch(showTrouble);
  }

  async again() {
    if (!this.id || this.answering) return;
    this.turns.querySelector(".turn.assistant:last-of-type")?.remove();
    await this.answer(`/api/v1/chat/conversations/${this.id}/regenerate`, { stream: true });
  }

  stop() {
    this.answering?.abort();
  }

  async answer(path, body, message) {
    const turn = this.turn("assistant", "Andiron answers");
    this.setAnswering(new AbortController());
    let text = "";
    let drawn = 0;
    let whole = null;
    try {
      for await (const { name, data } of events("POST", path, body, this.answering.signal)) {
        if (name === "start") this.started(data, turn);
        else if (name === "delta") {
          text += data.text;
          if (Date.now() - drawn > DRAW_MILLISECONDS) {
            this.draw(turn, text, false);
            drawn = Date.now();
          }
        } else if (name === "done") whole = data;
        else if (name === "error") throw new ApiError(data.error.code, data.error.message, data.error.hint);
      }
      if (!whole) throw new ApiError("broken_stream", "The answer broke off half-way", "Ask again");
      this.draw(turn, whole.message.content, true);
      this.note(turn, notesOf(whole));
      this.files = [];
      this.showFiles();
    } catch (error) {
      this.draw(turn, text, true);
      this.note(turn, [error.name === "AbortError" ? "stopped" : `broke off: ${error.told ?? error.message}`]);
      // What was asked and never taken is not lost.
      if (error.name !== "AbortError" && !text && message && !this.text.value) this.text.value = message;
      if (error.name !== "AbortError") throw error;
    } finally {
      this.setAnswering(null);
      this.list().catch(() => {});
    }
  }

  started(data, turn) {
    this.note(turn, [`${data.model} (${data.backend})`]);
    if (data.conversation_id && data.conversation_id !== this.id) {
      this.id = data.conversation_id;
      history.replaceState(null, "", `#chat/${this.id}`);
    }
  }

  setAnswering(answering) {
    this.answering = answering;
    this.sendButton.hidden = answering !== null;
    this.stopButton.hidden = answering === null;
    this.againButton.disabled = answering !== null || !this.id;
    this.turns.setAttribute("aria-busy", String(answering !== null));
  }

  // -- turns

  question(text) {
    this.turn("user", "You asked").firstChild.textContent = text;
  }

  turn(role, label) {
    const turn = make("article", { class: `turn ${role}`, "aria-label": label }, make("div", { class: "content" }));
    this.turns.append(turn);
    this.turns.scrollTop = this.turns.scrollHeight;
    return turn;
  }

  draw(turn, text, isWhole) {
    const isAtEnd = this.turns.scrollHeight - this.turns.scrollTop - this.turns.clientHeight < 60;
    showMarkdown(turn.firstChild, text, isWhole);
    if (isAtEnd) this.turns.scrollTop = this.turns.scrollHeight;
  }

  note(turn, notes) {
    turn.querySelector(".notes")?.remove();
    turn.append(make("p", { class: "notes" }, notes.join(" · ")));
  }
}

/** Say who answered, how fast, and what was cut or kept back. */
function notesOf({ backend, model, finish_reason: reason, usage, timings, truncated, masked, withheld, context_used: used, fallback }) {
  const notes = [`${model} (${backend})`];
  if (timings.generate_ms > 0) notes.push(`${((1000 * usage.completion_tokens) / timings.generate_ms).toFixed(0)} tokens/s`);
  if (fallback) notes.push(`instead of ${fallback.from_backend}: ${fallback.message}`);
  if (reason === "length") notes.push("cut at the longest answer allowed");
  if (truncated) notes.push(`left out: ${truncated.what}`);
  for (const file of used ?? []) if (file.cut) notes.push(`${file.path} was cut to ${file.tokens} tokens`);
  if (masked) notes.push(`${masked} secrets masked`);
  if (withheld?.length) notes.push(`not sent: ${withheld.join(", ")}`);
  return notes;
}

/** Show where a search found its words. */
function marked(text, query) {
  const words = query.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return [text];
  return text.split(new RegExp(`(${words.join("|")})`, "gi")).map((part, number) => (number % 2 ? make("mark", {}, part) : part));
}
