// The page's frame: which view is in front, how the daemon is, and what a lost session means.

import { ask, events } from "./api.js";
import { make, showTrouble } from "./elements.js";
import { showChat } from "./chat.js";
import { showModels } from "./models.js";
import { showPrivacy } from "./privacy.js";
import { showSettings } from "./settings.js";
import { showStatus } from "./status.js";

const VIEWS = [
  ["chat", "Chat", showChat],
  ["models", "Models", showModels],
  ["status", "Status", showStatus],
  ["settings", "Settings", showSettings],
  ["privacy", "Privacy", showPrivacy],
];
const RETRY_MILLISECONDS = 3000;
const view = document.getElementById("view");
const condition = document.getElementById("condition");
let leave = null;

function open() {
  const [wanted, ...rest] = location.hash.slice(1).split("/");
  const [name, label, show] = VIEWS.find(([known]) => known === wanted) ?? VIEWS[0];
  leave?.abort();
  leave = new AbortController();
  for (const tab of document.querySelectorAll("#tabs a")) {
    if (tab.hash === `#${name}`) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  document.title = `Andiron: ${label}`;
  view.className = name;
  view.replaceChildren();
  Promise.resolve(show(view, leave.signal, rest.join("/"))).catch(showTrouble);
}

async function follow() {
  for (;;) {
    try {
      for await (const { name, data } of events("GET", "/api/v1/events")) {
        if (name === "state") tell(data);
      }
      condition.textContent = "stopped";
    } catch (error) {
      condition.textContent = error.code === "unauthorized" ? "not signed in" : "not running";
      if (error.code === "unauthorized") return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}

function tell(state) {
  const isPaused = state.completions_paused_until && Date.parse(state.completions_paused_until) > Date.now();
  const speed = state.tokens_per_second ? ` · ${state.tokens_per_second.toFixed(0)} tokens/s` : "";
  condition.textContent = `${isPaused ? "paused" : state.condition} · ${state.model ?? "no model"} (${state.backend})${speed}`;
  condition.title = [state.detail, state.hint].filter(Boolean).join(". ");
}

async function start() {
  const session = await ask("GET", "/api/v1/system/session").catch(() => null);
  if (!session) {
    view.append(
      make(
        "section",
        { class: "card" },
        make("h1", {}, "Not signed in"),
        make("p", {}, "This page needs a link of yours: run ", make("code", {}, "andiron open"), " in a terminal, or open it from the tray."),
      ),
    );
    return;
  }
  document.getElementById("tabs").append(...VIEWS.map(([name, label]) => make("a", { href: `#${name}` }, label)));
  addEventListener("hashchange", open);
  open();
  follow();
}

start().catch(showTrouble);
