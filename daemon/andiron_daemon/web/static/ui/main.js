// The page's frame: which view is in front, how the daemon is, and what a lost session means.

import { ask, events, sentences } from "./api.js";
import { button, clearTrouble, make, showTrouble } from "./elements.js";
import { showChat } from "./chat.js";

// What is not in front at first is fetched when it is wanted.
const VIEWS = [
  ["chat", "Chat", showChat],
  ["models", "Models", async (...given) => (await import("./models.js")).showModels(...given)],
  ["status", "Status", async (...given) => (await import("./status.js")).showStatus(...given)],
  ["settings", "Settings", async (...given) => (await import("./settings.js")).showSettings(...given)],
  ["privacy", "Privacy", async (...given) => (await import("./privacy.js")).showPrivacy(...given)],
];
const RETRY_MILLISECONDS = 2000;
const STOPPED = ["The daemon does not run. Start it: ", make("code", {}, "andiron serve --detach"), "; what you write stays here."];
const ELSEWHERE = [make("a", { href: "#models" }, "Models"), " · ", make("a", { href: "#settings" }, "Settings")];
const view = document.getElementById("view");
const condition = document.getElementById("condition");
const notice = document.getElementById("notice");
const signedOut = document.getElementById("signed-out");
let leave = null;
let isShown = true;
let isAway = false;
let version = null;

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
  isShown = true;
  const { signal } = leave;
  show(view, signal, rest.join("/")).catch((error) => {
    if (!signal.aborted) isShown = false;
    showTrouble(error);
  });
}

/** Follow the daemon's state through restarts, while somebody looks: a browser has six connections for all of its tabs. */
async function follow() {
  let unseen;
  document.addEventListener("visibilitychange", () => { if (document.hidden) unseen?.abort(); });
  for (;;) {
    while (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
    unseen = new AbortController();
    try {
      for await (const { name, data } of events("GET", "/api/v1/events", undefined, unseen.signal)) {
        if (isAway) goOn();
        if (name === "state") tell(data);
        else if (name === "budget") showTrouble({ told: sentences(data.message, data.hint) });
      }
      tellGone("stopped", STOPPED);
    } catch (error) {
      if (unseen.signal.aborted) continue;
      if (error.code === "unauthorized") tellGone("not signed in");
      else tellGone("not running", STOPPED);
      if (error.code === "unauthorized") await signedIn();
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}

/** The daemon is back, or this browser is signed in again: show what could not be shown. */
function goOn() {
  isAway = false;
  signedOut.hidden = true;
  clearTrouble();
  if (!isShown) open();
}

/** Wait until some page of this browser was signed in. */
function signedIn() {
  return new Promise((resolve) => addEventListener("storage", ({ key }) => { if (key === "signed-in") resolve(); }));
}

function tellGone(text, more = []) {
  isAway = true;
  condition.className = "gone";
  condition.textContent = text;
  tellMore(more);
}

/** Say under the bar what a person has to know, and do, before anything is answered. */
function tellMore(parts) {
  notice.hidden = !parts.length;
  notice.replaceChildren(...parts);
}

function tell(state) {
  const isPaused = state.completions_paused_until && Date.parse(state.completions_paused_until) > Date.now();
  const model = state.model ?? state.chat_model;
  const who = model ? `${model} (${state.backend})` : state.backend;
  const speed = state.tokens_per_second && `${state.tokens_per_second.toFixed(0)} tokens/s`;
  const isFailed = state.condition === "failed";
  condition.className = state.condition;
  condition.textContent = (isFailed ? ["nobody can answer", who] : [isPaused ? "paused" : state.condition, who, speed]).filter(Boolean).join(" · ");
  version ??= state.version;
  if (version !== state.version) tellMore([`Andiron is now ${state.version}, this page still ${version}. `, button("Reload", () => location.reload())]);
  else tellMore(isFailed ? [`${sentences(state.detail, state.hint)} `, ...ELSEWHERE] : []);
  dispatchEvent(new CustomEvent("state", { detail: state }));
}

function refuseFiles(event) {
  if (event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}

function showSignIn() {
  view.append(
    make(
      "section",
      { class: "card" },
      make("h1", {}, "Not signed in"),
      make("p", {}, "This page needs a link of yours: run ", make("code", {}, "andiron open ui"), " in a terminal, or open it from the tray."),
    ),
  );
}

async function start() {
  try {
    await ask("GET", "/api/v1/system/session");
  } catch (error) {
    if (error.code !== "unauthorized") throw error;
    showSignIn();
    await signedIn();
    view.replaceChildren();
  }
  document.getElementById("tabs").append(...VIEWS.map(([name, label]) => make("a", { href: `#${name}` }, label)));
  // The address tells the view; a jump within it is done by hand.
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); view.focus(); });
  addEventListener("hashchange", open);
  // A file that misses its place is not to open in place of this page.
  for (const name of ["dragover", "drop"]) addEventListener(name, refuseFiles);
  addEventListener("signedout", () => { signedOut.hidden = false; });
  addEventListener("storage", ({ key }) => { if (key === "signed-in") goOn(); });
  open();
  follow();
}

start().catch(showTrouble);
