/**
 * The chat's page inside the editor. It has no network; everything comes from and goes to the extension.
 *
 * What a model wrote is shown only after it was cleaned: no scripts, no images, no styles, links that ask first.
 */

import DOMPurify from "dompurify";

import type { BlockAction, FromPage, ShownChip, ToPage, Turn } from "../src/chat/messages";

interface Draft {
  readonly draft?: string;
}

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void; getState(): Draft | undefined; setState(state: Draft): void };

const editor = acquireVsCodeApi();
const turns = element("turns");
const text = element<HTMLTextAreaElement>("text");
const ask = element<HTMLFormElement>("ask");
const send = element("send");
const stop = element("stop");
const regenerate = element<HTMLButtonElement>("regenerate");
const condition = element("condition");
const ACTIONS: readonly (readonly [BlockAction, string])[] = [
  ["insert", "Insert"],
  ["replace", "Replace"],
  ["diff", "Diff"],
  ["newFile", "New file"],
  ["copy", "Copy"],
];
const ALLOWED = {
  ALLOWED_TAGS: ["p", "pre", "code", "span", "em", "strong", "del", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "a", "br", "hr"],
  ALLOWED_ATTR: ["class", "href", "start"],
  ALLOWED_URI_REGEXP: /^https?:/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};
// What a model wrote may look like code, not like a part of this page.
const CODE_CLASS = /^(hljs|language-)/;
DOMPurify.addHook("afterSanitizeAttributes", ({ classList }) => classList.remove(...[...classList].filter((name) => !CODE_CLASS.test(name))));
// A conversation from before is not read out; whoever listens is in it before the next answer.
const QUIET_MILLISECONDS = 1_000;

let answer: HTMLElement | undefined;

function element<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** Write into the field; what stands there outlives the window. */
function setDraft(draft: string): void {
  text.value = draft;
  editor.setState({ draft });
}

function setAnswering(isAnswering: boolean): void {
  if (document.activeElement === stop || document.activeElement === regenerate) {
    text.focus(); // a button that goes away takes the focus along
  }
  send.hidden = isAnswering;
  stop.hidden = !isAnswering;
  regenerate.disabled = isAnswering || !turns.querySelector(".turn");
  turns.setAttribute("aria-busy", String(isAnswering));
  setReadOut(!isAnswering);
}

/** An answer is read out once, as a whole: while it grows, what was read already would come again and again. */
function setReadOut(isReadOut: boolean): void {
  turns.setAttribute("aria-live", isReadOut ? "polite" : "off");
}

function addTurn(role: string, label: string): HTMLElement {
  const turn = document.createElement("article");
  turn.className = `turn ${role}`;
  turn.setAttribute("aria-label", label);
  const content = document.createElement("div");
  content.className = "content";
  turn.append(content);
  turns.append(turn);
  return turn;
}

function addQuestion(question: string): void {
  addTurn("user", "You asked").querySelector(".content")!.textContent = question;
}

/** Show what a model wrote; `isWhole` adds what can be done with its code. */
function showAnswer(turn: HTMLElement, html: string, isWhole: boolean): void {
  const isAtEnd = turns.scrollHeight - turns.scrollTop - turns.clientHeight < 40;
  const content = turn.querySelector<HTMLElement>(".content")!;
  content.innerHTML = DOMPurify.sanitize(html, ALLOWED);
  if (isWhole) {
    content.querySelectorAll<HTMLElement>("pre > code").forEach(addActions);
  }
  if (isAtEnd) {
    turns.scrollTop = turns.scrollHeight;
  }
}

function addActions(code: HTMLElement): void {
  const language = /language-([\w+#-]+)/.exec(code.className)?.[1] ?? "";
  const bar = document.createElement("div");
  bar.className = "actions";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "What to do with this code");
  for (const [action, label] of ACTIONS) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => editor.postMessage({ type: "block", action, code: code.textContent!.replace(/\n$/, ""), language }));
    bar.append(button);
  }
  code.parentElement!.before(bar);
}

function removeLast(role: string): void {
  const last = [...turns.querySelectorAll(".turn")].pop();
  if (last?.classList.contains(role)) {
    last.remove();
  }
}

/** Give a question back that nobody took, unless the person writes another one already. */
function takeBack(question: string): void {
  removeLast("assistant");
  if (!text.value.trim()) {
    removeLast("user");
    setDraft(question);
  }
}

function addNotes(turn: HTMLElement, notes: readonly string[]): void {
  turn.querySelector(".notes")?.remove();
  const line = document.createElement("p");
  line.className = "notes";
  line.textContent = notes.join(" · ");
  turn.append(line);
}

function showTrouble(trouble: string): void {
  turns.querySelector(".trouble")?.remove();
  const line = document.createElement("p");
  line.className = "trouble";
  line.setAttribute("role", "alert");
  line.textContent = trouble;
  turns.append(line);
  line.scrollIntoView({ block: "end" });
}

function showConversation(shown: readonly Turn[]): void {
  turns.replaceChildren();
  for (const turn of shown) {
    if (turn.role === "user") {
      addQuestion(turn.text);
    } else if (turn.html !== undefined) {
      const made = addTurn("assistant", "Andiron answered");
      showAnswer(made, turn.html, true);
      addNotes(made, turn.notes);
    }
  }
  turns.scrollTop = turns.scrollHeight;
}

/** Show what is sent along; a chip that stays keeps its element, and with it the focus. */
function showChips(chips: readonly ShownChip[]): void {
  const list = element("chips");
  const known = new Map([...list.children].map((item) => [(item as HTMLElement).dataset["id"], item]));
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...chips.map((chip) => known.get(chip.id) ?? chipOf(chip)));
  if (hadFocus && !list.contains(document.activeElement)) {
    text.focus();
  }
}

function chipOf({ id, label, detail }: ShownChip): HTMLElement {
  const item = document.createElement("li");
  item.dataset["id"] = id;
  item.title = detail;
  item.textContent = label;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", `Do not send ${label}`);
  remove.addEventListener("click", () => editor.postMessage({ type: "removeChip", id }));
  item.append(remove);
  return item;
}

function showCondition(state: string, detail: string): void {
  // Only completions are paused; the chat answers.
  const isQuiet = ["ready", "working", "paused"].includes(state);
  condition.textContent = isQuiet ? "" : `${state}${detail ? `: ${detail}` : ""}`;
  if (state === "offline") {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Start";
    button.addEventListener("click", () => editor.postMessage({ type: "open", command: "andiron.start" }));
    condition.append(" ", button);
  }
}

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  switch (data.type) {
    case "condition":
      showCondition(data.condition, data.detail);
      break;
    case "chips":
      showChips(data.chips);
      break;
    case "conversation":
      answer = undefined;
      showConversation(data.turns);
      setAnswering(false);
      setReadOut(false);
      setTimeout(() => setReadOut(stop.hidden === true), QUIET_MILLISECONDS);
      break;
    case "cleared":
      answer = undefined;
      turns.replaceChildren();
      setAnswering(false);
      break;
    case "focus":
      text.focus();
      break;
    case "asked":
      if (data.text === undefined) {
        removeLast("assistant");
      } else {
        addQuestion(data.text);
      }
      answer = addTurn("assistant", "Andiron answers");
      turns.scrollTop = turns.scrollHeight;
      setAnswering(true);
      break;
    case "started":
      answer && addNotes(answer, [data.by]);
      break;
    case "growing":
      answer && showAnswer(answer, data.html, false);
      editor.postMessage({ type: "drawn" });
      break;
    case "answered":
      setAnswering(false);
      if (answer) {
        showAnswer(answer, data.html, true);
        addNotes(answer, data.notes);
      }
      break;
    case "brokeOff":
      setReadOut(true);
      if (data.unasked !== undefined) {
        takeBack(data.unasked);
      } else if (answer) {
        showAnswer(answer, data.html, true);
        addNotes(answer, [data.isStopped ? "stopped" : "broke off"]);
      }
      if (!data.isStopped) {
        showTrouble(data.trouble);
      }
      setAnswering(false);
      break;
    case "trouble":
      showTrouble(data.trouble);
  }
});

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = text.value.trim();
  if (question && !send.hidden) {
    editor.postMessage({ type: "ask", text: question });
    setDraft("");
    setAnswering(true); // before it is confirmed: what is asked meanwhile would be lost
  }
});
text.addEventListener("input", () => setDraft(text.value));
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask.requestSubmit();
  }
});
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !stop.hidden) {
    editor.postMessage({ type: "stop" });
  }
});
stop.addEventListener("click", () => editor.postMessage({ type: "stop" }));
regenerate.addEventListener("click", () => editor.postMessage({ type: "regenerate" }));
document.querySelectorAll<HTMLButtonElement>("[data-chip]").forEach((button) => {
  button.addEventListener("click", () => editor.postMessage({ type: "addChip", kind: button.dataset["chip"] as "file" | "selection" | "diagnostics" }));
});
// Who comes into the view by its command or by keys wants to write.
window.addEventListener("focus", () => {
  if (document.activeElement === document.body) {
    text.focus();
  }
});
text.value = editor.getState()?.draft ?? "";
setAnswering(false);
editor.postMessage({ type: "ready" });
