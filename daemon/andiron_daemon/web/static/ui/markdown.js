// From what a model wrote to what is shown: Markdown by marked, cleaned by DOMPurify, block by block.
//
// Nothing a model writes may run, load or lead anywhere by itself. HTML in it is shown as the text it is; of what Markdown
// makes, no image is loaded, and links open apart, and only over http. The cleaning behind that is the second wall.

import { Marked } from "/static/vendor/marked/marked.esm.js";
import DOMPurify from "/static/vendor/dompurify/purify.js";
import { finishCode, frameCode } from "./code.js";
import { make } from "./elements.js";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const UNSEEN = new Set(["space", "def"]);
const markdown = new Marked({
  gfm: true,
  async: false,
  renderer: {
    html: ({ text }) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
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

/**
 * Put Markdown into an element whose Markdown grows; blocks that stay as they are are left alone.
 *
 * A block is complete once another follows, or the text `isWhole`. Only then is its code coloured, and `completed` called with it.
 */
export function showMarkdown(element, text, isWhole, completed = () => {}) {
  const tokens = markdown.lexer(text);
  const last = tokens.at(-1);
  // What a link's name stands for may be written down below it.
  const isNamed = isWhole && Object.keys(tokens.links).length > 0;
  let place = 0;
  for (const token of tokens) {
    if (UNSEEN.has(token.type)) continue;
    let block = element.children[place];
    if (block?.source !== token.raw || isNamed) {
      const anew = drawn(token);
      if (block) block.replaceWith(anew);
      else element.append(anew);
      block = anew;
    }
    if (!block.isComplete && (isWhole || token !== last)) {
      block.isComplete = true;
      for (const frame of block.querySelectorAll(".code")) finishCode(frame);
      completed(block);
    }
    place += 1;
  }
  while (element.children.length > place) element.lastElementChild.remove();
}

function drawn(token) {
  // Hebrew and Arabic begin at the right, each block by itself; code hardly ever does.
  const block = make("div", { dir: token.type === "code" ? "ltr" : "auto" });
  block.innerHTML = DOMPurify.sanitize(markdown.parser([token]), ALLOWED);
  block.source = token.raw;
  for (const link of block.querySelectorAll("a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.title = link.href;
  }
  for (const table of block.querySelectorAll("table")) {
    const scroll = make("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Table" });
    table.replaceWith(scroll);
    scroll.append(table);
  }
  for (const pre of block.querySelectorAll("pre")) frameCode(pre);
  return block;
}
