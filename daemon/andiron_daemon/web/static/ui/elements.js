// Making elements; text is always text, never markup.

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

/** Say a number of bytes to a person. */
export function bytes(count) {
  if (count === null || count === undefined) return "–";
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (count >= size) return `${(count / size).toFixed(count >= 10 * size ? 0 : 1)} ${unit}`;
  }
  return `${count} B`;
}

/** Show what went wrong, until it is closed. */
export function showTrouble(error) {
  if (error?.name === "AbortError") return;
  const text = error?.told ?? String(error?.message ?? error);
  const line = make("p", {}, text, " ", button("×", () => line.remove(), { "aria-label": "Close this message" }));
  document.getElementById("trouble").replaceChildren(line);
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
