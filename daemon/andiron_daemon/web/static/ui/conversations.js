// The conversations at the side: the newest first, searched, deleted.

import { ask } from "./api.js";
import { button, doing, make, renew, showTrouble } from "./elements.js";

const SEARCH_MILLISECONDS = 150;
const PAGE = 50;

/** Lists conversations; `front` tells which is in front, `listed` is told all that are shown, `removing` and `removed` the id of one that is being, and was, deleted. */
export class Conversations {
  constructor({ front, listed, removing, removed }) {
    Object.assign(this, { front, listed, removing, removed });
    this.shown = PAGE;
    this.found = make("ul", { class: "conversations" });
    this.older = button("Older", doing(() => this.showOlder()), { hidden: true });
    this.search = make("input", { type: "search", placeholder: "Search", "aria-label": "Search the conversations", oninput: () => this.searchSoon() });
    this.element = make(
      "nav",
      { "aria-label": "Conversations", id: "conversations", onclick: showAgain },
      make("div", { class: "row" }, this.search, make("a", { class: "button", href: "#chat/new" }, "New")),
      this.found,
      this.older,
    );
  }

  /** Show what there is now. */
  async show() {
    const query = this.search.value.trim();
    const rows = [];
    let cursor = null;
    do {
      const asked = new URLSearchParams({ limit: String(PAGE), ...(query && { q: query }), ...(cursor && { cursor }) });
      const page = await ask("GET", `/api/v1/chat/conversations?${asked}`);
      if (query !== this.search.value.trim()) return;
      rows.push(...page.conversations);
      cursor = page.next_cursor;
    } while (cursor && rows.length < this.shown);
    this.older.hidden = !cursor;
    const none = make("li", { class: "none" }, query ? `Nothing has “${query}” in it.` : "Nothing was said yet.");
    this.listed(rows);
    renew(this.found, rows.length ? rows.map((one) => this.row(one, query)) : [none]);
  }

  async showOlder() {
    this.shown += PAGE;
    await this.show();
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.shown = PAGE;
    this.timer = setTimeout(() => this.show().catch(showTrouble), SEARCH_MILLISECONDS);
  }

  row(one, query) {
    const isFront = one.id === this.front();
    return make(
      "li",
      { class: isFront ? "now" : "" },
      make("a", { href: `#chat/${one.id}`, title: one.title, "aria-current": isFront && "true" }, make("strong", {}, one.title), make("span", {}, marked(one.snippet ?? one.preview, query)), when(one.updated_at)),
      button("×", doing(() => this.remove(one)), { "aria-label": `Delete ${one.title}` }),
    );
  }

  async remove(one) {
    if (!confirm(`Delete “${one.title}”?`)) return;
    this.removing(one.id);
    await ask("DELETE", `/api/v1/chat/conversations/${one.id}`);
    this.removed(one.id);
    await this.show();
  }
}

/** Tell the time of today, and the day of all else. */
function when(at) {
  const [date, now] = [new Date(at), new Date()];
  const day = { day: "numeric", month: "short", year: date.getFullYear() === now.getFullYear() ? undefined : "numeric" };
  const isToday = date.toDateString() === now.toDateString();
  return make("time", { dateTime: at, title: date.toLocaleString() }, isToday ? date.toLocaleTimeString([], { timeStyle: "short" }) : date.toLocaleDateString([], day));
}

/** Let a link be followed also to where the address is already. */
function showAgain(event) {
  if (event.target.closest("a")?.hash === location.hash) dispatchEvent(new Event("hashchange"));
}

/** Show where a search found its words. */
function marked(text, query) {
  const words = query.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return [text];
  return text.split(new RegExp(`(${words.join("|")})`, "gi")).map((part, number) => (number % 2 ? make("mark", {}, part) : part));
}
