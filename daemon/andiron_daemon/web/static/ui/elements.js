// Making elements; text is always text, never markup.

// What does something is always put in anew: two that look the same may do different things.
const LISTENING = "button, select, progress";

/** Make an element: properties are set, `on…` functions listen, children are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Make a button. */
export function button(label, onclick, properties = {}) {
  return make("button", { type: "button", onclick, ...properties }, label);
}

/** Make a table with a head. */
export function table(caption, heads, rows) {
  return make(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell ?? "–"))))),
    ),
  );
}

/** Put other children in place of those there are; what is the same stays, and what had the focus has it again. */
export function renew(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const place = reachable(parent).indexOf(focused);
  const name = nameOf(focused);
  children.forEach((child, number) => {
    const old = parent.children[number];
    if (!old) parent.append(child);
    else if (!old.isEqualNode(child) || child.matches(LISTENING) || child.querySelector(LISTENING)) old.replaceWith(child);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
  if (!focused || parent.contains(focused)) return;
  const now = reachable(parent);
  (now.find((one) => nameOf(one) === name) ?? now[place] ?? now.at(-1))?.focus();
}

function reachable(parent) {
  return [...parent.querySelectorAll("a[href], button:not(:disabled), select, input, [tabindex]")];
}

function nameOf(element) {
  return element && `${element.closest("section")?.ariaLabel} ${element.ariaLabel ?? element.labels?.[0]?.firstChild?.textContent ?? element.textContent}`;
}

/** Say a number of bytes to a person. */
export function bytes(count) {
  if (count === null || count === undefined) return "–";
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (count >= size) return `${(count / size).toFixed(count >= 10 * size ? 0 : 1)} ${unit}`;
  }
  return `${count} B`;
}

/** Copy a text; where the browser does not let the page do that, mark it for the person to copy. */
export async function copyText(text, shown) {
  try {
    // There is none at an address that is not this machine's, and a person may have forbidden it.
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(shown);
    throw new Error("This browser does not let the page copy. The text is marked: press Ctrl+C");
  }
}

/** Tell somebody who does not see the page what happened on it. */
export function say(text) {
  const line = make("p", {}, text);
  document.getElementById("said").append(line);
  setTimeout(() => line.remove(), 10_000);
}

/** Show what went wrong, until it is closed. */
export function showTrouble(error) {
  // That nobody is signed in stands above already.
  if (error?.name === "AbortError" || error?.code === "unauthorized") return;
  const text = error?.told ?? String(error?.message ?? error);
  const line = make("p", {}, make("span", {}, text), button("×", () => line.remove(), { "aria-label": "Close this message" }));
  document.getElementById("trouble").replaceChildren(line);
}

/** Take away what went wrong before. */
export function clearTrouble() {
  document.getElementById("trouble").replaceChildren();
}

/** Run what a person asked for; what goes wrong is shown. */
export function doing(work) {
  return async (...words) => {
    try {
      await work(...words);
    } catch (error) {
      showTrouble(error);
    }
  };
}
