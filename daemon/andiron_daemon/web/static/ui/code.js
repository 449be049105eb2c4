// A block of code in an answer: its language, its colours by highlight.js, and what can be done with it.
//
// The text was cleaned before it comes here; highlight.js is given text and gives that text back in spans.

import DOMPurify from "/static/vendor/dompurify/purify.js";
import { button, copyText, doing, make, say } from "./elements.js";

const LIBRARY = "/static/vendor/highlight/highlight.esm.js";
// Beyond this many characters colours would hold up the page.
const LONGEST_COLOURED = 60_000;
const ALLOWED = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], ALLOW_DATA_ATTR: false };
const ENDINGS = {
  bash: "sh", c: "c", cpp: "cpp", csharp: "cs", css: "css", diff: "diff", go: "go", graphql: "graphql", ini: "ini", java: "java",
  javascript: "js", json: "json", kotlin: "kt", lua: "lua", makefile: "mk", markdown: "md", objectivec: "m", perl: "pl", php: "php",
  python: "py", r: "R", ruby: "rb", rust: "rs", scss: "scss", shell: "sh", sql: "sql", swift: "swift", typescript: "ts", xml: "xml", yaml: "yaml",
};
const OWN_ENDING = /^(py|js|ts|tsx|jsx|rs|rb|go|cs|kt|sh|md|yml|yaml|html|css|toml|json|sql|c|h|cpp|hpp|java|php|lua|swift)$/;
let library = null;

/** Put a frame around a block of code that may still grow. */
export function frameCode(pre) {
  const language = languageOf(pre);
  pre.tabIndex = 0;
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", language ? `Code in ${language}` : "Code");
  const frame = make("div", { class: "code" }, make("div", { class: "head" }, make("span", {}, language)));
  pre.replaceWith(frame);
  frame.append(pre);
}

/** Colour a block that is complete, and add what can be done with it. */
export function finishCode(frame) {
  const pre = frame.querySelector("pre");
  const code = pre.querySelector("code") ?? pre;
  const text = code.textContent.replace(/\n$/, "");
  const language = languageOf(pre);
  const copy = button("Copy", doing(async () => { await copyText(text, pre); say("Copied"); showDone(copy); }), { "aria-label": "Copy this code" });
  const save = button("Save", () => download(text, `code.${ending(language)}`), { "aria-label": "Save this code as a new file" });
  frame.firstElementChild.append(copy, save);
  if (language && text.length <= LONGEST_COLOURED) colour(code, language);
}

async function colour(code, language) {
  try {
    library ??= import(LIBRARY);
    const { default: highlighter } = await library;
    if (!highlighter.getLanguage(language)) return;
    code.innerHTML = DOMPurify.sanitize(highlighter.highlight(code.textContent, { language, ignoreIllegals: true }).value, ALLOWED);
  } catch {
    // The daemon went away before the colours came: the code can be read without them, and the next block asks again.
    library = null;
  }
}

function languageOf(pre) {
  return /(?:^|\s)language-([\w+#.-]{1,30})/.exec(pre.querySelector("code")?.className ?? "")?.[1].toLowerCase() ?? "";
}

function ending(language) {
  return ENDINGS[language] ?? (OWN_ENDING.test(language) ? language : "txt");
}

function download(text, name) {
  const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function showDone(copy) {
  copy.textContent = "Copied";
  setTimeout(() => { copy.textContent = "Copy"; }, 2000);
}
