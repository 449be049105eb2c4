// One conversation in front: its turns, and the answer on its way, which goes on while something else is looked at.

import { ApiError, ask, events } from "./api.js";
import { Composer } from "./composer.js";
import { button, copyText, doing, make, say, showTrouble } from "./elements.js";
import { showMarkdown } from "./markdown.js";

const DRAW_MILLISECONDS = 50;
const NEAR_THE_END = 60;
// A question beyond this is shown in part at first.
const LONG_CHARACTERS = 2000;
const LONG_LINES = 24;

/** A conversation, or the beginning of one while `id` is null; `changed` is called when the list should show something else, `deleted` when there is none of that id. */
export class Thread {
  constructor(id, { changed, deleted }) {
    this.id = id;
    Object.assign(this, { changed, deleted });
    this.answering = null;
    this.title = make("h1", {}, id === null ? "New conversation" : "…");
    this.tools = make("span", { class: "row", hidden: true });
    this.turns = make("div", { class: "turns", role: "region", "aria-label": "Conversation", tabIndex: 0, onscroll: () => { this.toEnd.hidden = this.isAtEnd; } });
    this.toEnd = button("↓", () => this.showEnd(), { class: "to-end", hidden: true, title: "To the end", "aria-label": "To the end" });
    this.composer = new Composer(draftOf(id), { send: (message) => this.send(message), stop: () => this.stop(), again: doing(() => this.again()) });
    this.element = make("div", { class: "thread", onkeydown: (event) => { if (event.key === "Escape" && !event.isComposing) this.stop(); } }, make("div", { class: "title" }, this.title, this.tools), this.turns, this.toEnd, this.composer.element);
    for (const name of ["dragover", "dragleave", "drop"]) this.element.addEventListener(name, (event) => this.drag(event));
  }

  /** Whether something would be lost if it were forgotten. */
  get isBusy() {
    return this.answering !== null || this.composer.files.length > 0;
  }

  get isAtEnd() {
    return this.turns.scrollHeight - this.turns.scrollTop - this.turns.clientHeight < NEAR_THE_END;
  }

  /** Show it as the daemon has it. */
  async load() {
    let read;
    try {
      read = await ask("GET", `/api/v1/chat/conversations/${encodeURIComponent(this.id)}`);
    } catch (error) {
      if (error.code !== "not_found") throw error;
      return this.deleted();
    }
    if (this.answering) return null;
    this.isStale = false;
    const { title, messages } = read;
    const { isAtEnd } = this;
    const place = this.turns.scrollTop;
    const unsent = this.turns.querySelectorAll(".unsent");
    this.name(title);
    this.turns.replaceChildren();
    for (const message of messages) {
      if (message.role === "user") this.question(message.content, (message.context_used ?? []).map(({ path }) => path).filter(Boolean));
      else if (message.role === "assistant") this.answered(message);
    }
    this.turns.append(...unsent);
    this.turns.scrollTop = place;
    if (isAtEnd) this.showEnd();
    this.composer.setAnswering(false, messages.length > 0);
    return null;
  }

  name(title) {
    this.title.textContent = title;
    if (!this.tools.hidden) return;
    this.tools.hidden = false;
    const address = `/api/v1/chat/conversations/${encodeURIComponent(this.id)}`;
    this.tools.replaceChildren(
      button("Rename", doing(async () => {
        const wanted = prompt("The conversation's title", this.title.textContent);
        if (!wanted?.trim()) return;
        this.title.textContent = (await ask("PATCH", address, { title: wanted })).title;
        this.changed();
      })),
      make("a", { class: "button", href: `${address}/export?format=markdown`, download: "" }, "Export"),
    );
  }

  drag(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.element.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop") this.composer.add(event.dataTransfer.files);
  }

  // -- asking

  async send({ text, files }) {
    const question = this.question(text, files.map(({ path }) => path));
    const body = { message: text, ...(this.id && { conversation_id: this.id }), ...(files.length && { context: { files } }) };
    const { error } = await this.answer("/api/v1/chat/stream", body);
    const isStopped = !error && !this.isTaken;
    const kept = isStopped ? await whereKept(this.id, text).catch(() => null) : error?.details?.conversation_id;
    if (error?.code === "not_found") {
      question.remove();
      this.composer.takeOver({ text, files });
      this.deleted();
    } else if (kept) this.begun(kept);
    else if (!this.isTaken) {
      // Nobody took it, so it is the person's again, to be sent once that is mended.
      this.composer.addFiles(files);
      if (this.composer.giveBack(text)) question.remove();
      else {
        question.classList.add("unsent");
        this.note(question, [], text, "not sent");
      }
    }
  }

  async again() {
    if (!this.id || this.answering) return null;
    const last = this.turns.lastElementChild;
    const old = last?.classList.contains("assistant") ? last : null;
    old?.remove();
    const { error, text } = await this.answer(`/api/v1/chat/conversations/${encodeURIComponent(this.id)}/regenerate`, { stream: true });
    if (error?.code === "not_found") return this.deleted();
    // What was to be replaced is worth more than nothing, or half of something that failed; the daemon kept it, too.
    if (old && (error || !text)) [...this.turns.querySelectorAll(".turn.user")].at(-1).after(old);
    return null;
  }

  stop() {
    this.answering?.abort();
  }

  /** Show an answer as it comes; return its text, and what it broke off with. */
  async answer(path, body) {
    this.isTaken = false;
    const turn = this.turn("assistant", "Andiron answers");
    this.note(turn, ["…"]);
    this.showEnd();
    this.setAnswering(new AbortController());
    const drawing = { turn, text: "", timer: null };
    try {
      let whole = null;
      for await (const { name, data } of events("POST", path, body, this.answering.signal)) {
        if (name === "start") this.started(data, turn);
        else if (name === "delta") this.grow(drawing, data.text);
        else if (name === "done") whole = data;
      }
      if (!whole) throw new ApiError({ code: "broken_stream", message: "The answer broke off half-way", hint: "Ask again" });
      this.finish(drawing, whole.message.content, notesOf(whole));
      return { error: null, text: drawing.text };
    } catch (error) {
      const isStopped = error.name === "AbortError";
      if (error.code === "not_found" || (isStopped && !this.isTaken)) turn.remove();
      else if (!isStopped && !drawing.text && !this.isTaken && !error.details?.conversation_id) {
        turn.remove();
        showTrouble(error);
      } else if (isStopped) this.finish(drawing, drawing.text, ["stopped"]);
      else this.finish(drawing, drawing.text, [], `${drawing.text ? "broke off" : "not answered"}: ${error.told ?? error.message}`);
      return { error: isStopped ? null : error, text: drawing.text };
    } finally {
      this.setAnswering(null);
      this.changed();
    }
  }

  started(data, turn) {
    this.isTaken = true;
    this.note(turn, [`${data.model} (${data.backend})`]);
    this.begun(data.conversation_id ?? this.id);
  }

  /** Note that the daemon has the message, and under which name. */
  begun(id) {
    const isNew = this.id === null;
    this.id = id;
    this.composer.taken(draftOf(id));
    this.composer.setAnswering(this.answering !== null, true);
    if (!isNew) return;
    this.name(this.turns.querySelector(".turn.user .content")?.textContent.split("\n")[0].slice(0, 80) ?? "");
    this.changed();
  }

  setAnswering(answering) {
    this.answering = answering;
    this.composer.setAnswering(answering !== null, this.id !== null);
    this.turns.setAttribute("aria-busy", String(answering !== null));
  }

  // -- turns

  question(text, files = []) {
    const turn = this.turn("user", "You asked");
    turn.firstChild.textContent = text;
    if (files.length) this.note(turn, [`with ${files.join(", ")}`]);
    if (text.length > LONG_CHARACTERS || text.split("\n").length > LONG_LINES) shorten(turn);
    return turn;
  }

  answered({ content, model, backend, error, finish_reason: reason }) {
    const turn = this.turn("assistant", "Andiron answered");
    showMarkdown(turn.firstChild, content, true);
    const ended = { cancelled: "stopped", length: "cut at the longest answer allowed" }[reason];
    this.note(turn, [model && `${model} (${backend})`, ended].filter(Boolean), content, error && `broke off: ${error}`);
  }

  turn(role, label) {
    const turn = make("article", { class: `turn ${role}`, "aria-label": label }, make("div", { class: "content", dir: "auto" }));
    this.turns.append(turn);
    return turn;
  }

  /** Add to the answer: the first word is drawn at once, what follows a few times a second. */
  grow(drawing, text) {
    const isFirst = !drawing.text;
    drawing.text += text;
    const draw = () => {
      drawing.timer = null;
      this.draw(drawing.turn, drawing.text, false);
    };
    if (isFirst) draw();
    else drawing.timer ??= setTimeout(draw, DRAW_MILLISECONDS);
  }

  finish(drawing, text, notes, wrong) {
    clearTimeout(drawing.timer);
    this.draw(drawing.turn, text, true);
    this.note(drawing.turn, notes, text, wrong);
    this.say([...notes, wrong].filter(Boolean).join(", "));
  }

  draw(turn, text, isWhole) {
    const { isAtEnd } = this;
    showMarkdown(turn.firstChild, text, isWhole, (block) => this.say(spoken(block)));
    if (isAtEnd) this.showEnd();
  }

  showEnd() {
    this.turns.scrollTop = this.turns.scrollHeight;
  }

  say(text) {
    if (this.element.isConnected) say(text);
  }

  /** Write below a turn: who answered and how, and what went wrong with it; `copied` can be copied there. */
  note(turn, notes, copied, wrong) {
    turn.querySelector(".notes")?.remove();
    const line = make("div", { class: "notes" }, notes.length > 0 && make("span", {}, notes.join(" · ")), wrong && make("span", { class: "bad" }, wrong));
    if (copied) line.append(button("Copy", doing(async () => { await copyText(copied, turn.firstChild); say("Copied"); }), { "aria-label": "Copy this answer as Markdown" }));
    turn.append(line);
  }
}

/** Find out whether the daemon has a message that was stopped before it said so: the id of its conversation, or null. */
async function whereKept(id, text) {
  const address = "/api/v1/chat/conversations";
  const kept = id ?? (await ask("GET", `${address}?limit=1`)).conversations[0]?.id;
  const last = kept && (await ask("GET", `${address}/${encodeURIComponent(kept)}`)).messages.at(-1);
  return last?.role === "user" && last.content === text ? kept : null;
}

function draftOf(id) {
  return `draft/${id ?? "new"}`;
}

/** Show the beginning of a long question, and the rest when it is wanted. */
function shorten(turn) {
  turn.firstChild.classList.add("short");
  const all = button("Show all", () => {
    const isShort = turn.firstChild.classList.toggle("short");
    all.textContent = isShort ? "Show all" : "Show less";
    all.setAttribute("aria-expanded", String(!isShort));
  }, { class: "all", "aria-expanded": "false" });
  turn.firstChild.after(all);
}

/** What a screen reader says of a block: its text; of code, that it is there. */
function spoken(block) {
  const code = block.querySelector("pre");
  return code ? `${code.ariaLabel}, ${code.textContent.trimEnd().split("\n").length} lines` : block.textContent;
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
