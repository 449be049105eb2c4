// Where a message is written: its text, kept as a draft until somebody took it, and the files that go along.

import { bytes, button, clearTrouble, make, showTrouble } from "./elements.js";

const LARGEST_FILE_BYTES = 2_000_000;
const TOLD = 3;
// A phone drops no files, and has no Shift+Enter for a new line.
export const HAS_KEYBOARD = matchMedia("(hover: hover)").matches;

/** Writes messages for one conversation; `send` is called with `{text, files}`, `stop` and `again` without anything. */
export class Composer {
  constructor(draftName, { send, stop, again }) {
    this.draftName = draftName;
    // Each tab has its own draft; a new one begins with what was written last.
    this.kept = sessionStorage.getItem(draftName) ?? localStorage.getItem(draftName) ?? "";
    this.files = [];
    this.give = { send, stop };
    this.text = make("textarea", {
      rows: 2,
      dir: "auto",
      placeholder: HAS_KEYBOARD ? "Ask. Drop files here to show them." : "Ask.",
      "aria-label": "Message",
      value: this.kept,
      oninput: () => this.keep(),
      onkeydown: (event) => this.key(event),
    });
    this.chips = make("ul", { class: "chips", "aria-label": "Files sent along", hidden: true });
    this.sendButton = make("button", { type: "submit", class: "main" }, "Send");
    this.stopButton = button("Stop", stop, { class: "main", hidden: true, title: "Escape" });
    this.againButton = button("Again", again, { disabled: true, title: "Answer the last message again" });
    const picker = make("input", { type: "file", multiple: true, hidden: true, onchange: () => this.add(picker.files).then(() => { picker.value = ""; }) });
    this.element = make(
      "form",
      { class: "ask", onsubmit: (event) => this.submit(event) },
      this.chips,
      this.text,
      make("div", { class: "row" }, button("+ File", () => picker.click(), { title: "Send a file along" }), picker, make("span", { class: "space" }), this.againButton, this.sendButton, this.stopButton),
    );
  }

  /** Write into the field what nobody took, unless the person is writing something else already. */
  giveBack(text) {
    if (this.text.value.trim()) return false;
    this.text.value = text;
    this.keep();
    return true;
  }

  /** Give away what is written here. */
  handOver() {
    const given = { text: this.text.value, files: this.files };
    this.text.value = "";
    this.taken(this.draftName);
    this.files = [];
    return given;
  }

  /** Put what was written elsewhere before what is written here. */
  takeOver({ text, files }) {
    this.text.value = [text, this.text.value].filter((part) => part.trim()).join("\n\n");
    this.keep();
    this.addFiles(files);
  }

  /** Forget the draft: what was sent is on disk, or is kept elsewhere. */
  taken(draftName) {
    if (sessionStorage.getItem(this.draftName) === this.kept) sessionStorage.setItem(this.draftName, "");
    if (localStorage.getItem(this.draftName) === this.kept) localStorage.removeItem(this.draftName);
    this.draftName = draftName;
    if (this.text.value) this.keep();
  }

  setAnswering(isAnswering, canAnswerAgain) {
    const hasFocus = [this.stopButton, this.sendButton, this.againButton].includes(document.activeElement);
    this.sendButton.hidden = isAnswering;
    this.stopButton.hidden = !isAnswering;
    this.againButton.disabled = isAnswering || !canAnswerAgain;
    // A button that goes away takes the focus along.
    if (hasFocus) this.text.focus();
  }

  /** Take files that are pasted; text is left to the browser, also where an office program adds a picture of it. */
  paste(event) {
    const { files, types } = event.clipboardData;
    if (!files.length || (types.includes("text/plain") && types.includes("text/html"))) return;
    event.preventDefault();
    this.add(files);
  }

  async add(files) {
    const read = await Promise.all([...files].map(readText));
    const troubles = read.filter((one) => typeof one === "string");
    if (troubles.length > TOLD) troubles.splice(TOLD, troubles.length, `${troubles.length - TOLD} more were not taken`);
    if (troubles.length) showTrouble({ told: troubles.join(". ") });
    this.addFiles(read.filter((one) => typeof one !== "string"));
  }

  addFiles(files) {
    for (const file of files) this.files = [...this.files.filter(({ path }) => path !== file.path), file];
    this.showFiles();
  }

  showFiles() {
    const remove = (file) => {
      this.files = this.files.filter((other) => other !== file);
      this.showFiles();
      this.text.focus();
    };
    this.chips.hidden = !this.files.length;
    this.chips.replaceChildren(...this.files.map((file) => make("li", { title: file.path }, make("span", {}, file.path), button("×", () => remove(file), { "aria-label": `Do not send ${file.path}` }))));
  }

  keep() {
    this.kept = this.text.value;
    try {
      sessionStorage.setItem(this.draftName, this.kept);
      localStorage.setItem(this.draftName, this.kept);
    } catch {
      // The browser keeps nothing, or its space is used up; the field itself still has it.
    }
  }

  key(event) {
    // Safari says 229 of the Enter that ends a word of an input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !HAS_KEYBOARD) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text || !this.stopButton.hidden) return;
    this.text.value = "";
    clearTrouble();
    const files = this.files;
    this.files = [];
    this.showFiles();
    this.give.send({ text, files });
  }
}

/** Read a file that is to go along; what is wrong with it is returned as a sentence. */
async function readText(file) {
  if (file.size > LARGEST_FILE_BYTES) return `${file.name} has ${bytes(file.size)}; up to ${bytes(LARGEST_FILE_BYTES)} are sent`;
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    if (!content.includes("\0")) return { path: file.name, content };
  } catch (error) {
    if (!(error instanceof TypeError)) return `${file.name} cannot be read; of a folder, drop the files in it`;
  }
  return `${file.name} is not text, and only text can be sent`;
}
