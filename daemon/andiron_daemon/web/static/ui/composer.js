// Where a message is written: its text, kept as a draft until somebody took it, and the files that go along.

import { bytes, button, make, showTrouble } from "./elements.js";

const LARGEST_FILE_BYTES = 2_000_000;

/** Writes messages for one conversation; `send` is called with `{text, files}`, `stop` and `again` without anything. */
export class Composer {
  constructor(draftName, { send, stop, again }) {
    this.draftName = draftName;
    this.files = [];
    this.give = { send, stop };
    this.text = make("textarea", {
      rows: 2,
      placeholder: "Ask. Drop files here to show them.",
      "aria-label": "Message",
      value: localStorage.getItem(draftName) ?? "",
      oninput: () => this.keep(),
      onkeydown: (event) => this.key(event),
      onpaste: (event) => this.take(event, event.clipboardData.files),
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

  /** Forget the draft: what was sent is on disk. */
  taken(draftName) {
    localStorage.removeItem(this.draftName);
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

  /** Take files that were dropped or pasted; text is left to the browser. */
  take(event, files) {
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  async add(files) {
    const troubles = [];
    for (const file of [...files]) {
      const trouble = await this.addOne(file);
      if (trouble) troubles.push(trouble);
    }
    if (troubles.length) showTrouble({ told: troubles.join(". ") });
    this.showFiles();
  }

  async addOne(file) {
    if (file.size > LARGEST_FILE_BYTES) return `${file.name} has ${bytes(file.size)}; up to ${bytes(LARGEST_FILE_BYTES)} are sent`;
    let content;
    try {
      content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    } catch (error) {
      return error instanceof TypeError ? `${file.name} is not text` : `${file.name} cannot be read; a folder's files are dropped one by one`;
    }
    if (content.includes("\0")) return `${file.name} is not text`;
    this.files = [...this.files.filter(({ path }) => path !== file.name), { path: file.name, content }];
    return null;
  }

  showFiles() {
    const remove = (file) => {
      this.files = this.files.filter((other) => other !== file);
      this.showFiles();
      this.text.focus();
    };
    this.chips.hidden = !this.files.length;
    this.chips.replaceChildren(...this.files.map((file) => make("li", {}, file.path, button("×", () => remove(file), { "aria-label": `Do not send ${file.path}` }))));
  }

  keep() {
    try {
      localStorage.setItem(this.draftName, this.text.value);
    } catch {
      // The browser keeps nothing, or its space is used up; the field itself still has it.
    }
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text || !this.stopButton.hidden) return;
    this.text.value = "";
    const files = this.files;
    this.files = [];
    this.showFiles();
    this.give.send({ text, files });
  }
}
