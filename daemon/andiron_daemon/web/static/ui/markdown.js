// From what a model wrote to what is shown: Markdown by marked, cleaned by DOMPurify.
//
// Nothing a model writes may run, load or lead anywhere by itself. HTML in it is shown as the text it is; of what Markdown
// makes, no image is loaded, and links open apart, and only over http. The cleaning behind that is the second wall.

import { Marked } from "/static/vendor/marked/marked.esm.js";
import DOMPurify from "/static/vendor/dompurify/purify.js";
import { button, make } from "./elements.js";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const markdown = new Marked({
  gfm: true,
  async: false,
  renderer: {
    html: ({ text }) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]),
    image: ({ text, href }) => `${text || "image"} (${href})`.replace(/[&<>"]/g, (sign) => ENTITIES[sign]),
  },
});
const ALLOWED = {
  ALLOWED_TAGS: [
    ...["p", "pre", "code", "em", "strong", "del", "ul", "ol", "li", "blockquote", "br", "hr", "a"],
    ...["h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"],
  ],
  ALLOWED_ATTR: ["href", "class", "start"],
  ALLOWED_URI_REGEXP: /^https?:/i,
};

/** Put Markdown into an element; `isWhole` adds a button to copy each block of code. */
export function showMarkdown(element, text, isWhole) {
  element.innerHTML = DOMPurify.sanitize(markdown.parse(text), ALLOWED);
  for (const link of element.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.title = link.href;
  }
  if (!isWhole) return;
  for (const block of element.querySelectorAll("pre")) {
    const copy = button("Copy", async () => {
      await navigator.clipboard.writeText(block.querySelector("code")?.textContent ?? "");
      copy.textContent = "Copied";
    });
    block.before(make("div", { class: "block-actions" }, copy));
  }
}
