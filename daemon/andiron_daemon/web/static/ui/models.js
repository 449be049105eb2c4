// The models that are here and those that can be had: get, use, measure, let go.

import { ask, events } from "./api.js";
import { button, bytes, doing, make, renew, showTrouble } from "./elements.js";

const GROUPS = [
  ["On this machine", (model) => model.backend === "local" && model.is_installed],
  ["On other machines", (model) => model.backend !== "local"],
  ["To be had", (model) => model.backend === "local" && !model.is_installed],
];
const FITS = { yes: "fits this machine", tight: "fits, but only just", no: "too large for this machine" };
// What was said of a model last, where its card says it now, and what measures it: they outlive the view.
const said = new Map();
const notes = new Map();
const tunings = new Map();
let again = null;

/** Show the models. */
export async function showModels(view, left) {
  const list = make("div", { class: "cards" });
  view.append(make("h1", {}, "Models"), list);
  again = async () => {
    if (left.aborted) return;
    const [{ models }, settings] = await Promise.all([ask("GET", "/api/v1/models", undefined, left), ask("GET", "/api/v1/settings", undefined, left)]);
    renew(list, GROUPS.flatMap(([title, isOne]) => {
      const cards = models.filter(isOne).map((model) => card(model, settings, left));
      return cards.length ? [make("h2", {}, title), ...cards] : [];
    }));
  };
  await again();
}

function card(model, settings, left) {
  const isOurs = model.backend === "local";
  const facts = [!isOurs && `Not on this machine; ${model.backend} answers`, model.publisher, model.licence === "unknown" ? "licence unknown" : model.licence, model.size_bytes && bytes(model.size_bytes), model.fits && FITS[model.fits], model.context_length && `${model.context_length.toLocaleString("en")} tokens of context`];
  const roles = [settings.chat_model === model.id && "chats", settings.completion_model === model.id && "completes"];
  const progress = make("progress", { max: 1, value: 0, hidden: true, "aria-label": `Fetching ${model.id}` });
  const note = make("p", { class: "notes", role: "status" }, said.get(model.id) ?? (model.pull?.state === "failed" ? model.pull.message : ""));
  const tell = (text) => {
    said.set(model.id, text);
    notes.get(model.id).textContent = text;
  };
  notes.set(model.id, note);
  return make(
    "section",
    { class: `model ${isOurs && model.is_installed ? "here" : ""}`, "aria-label": model.id },
    make("h3", {}, model.id, " ", make("small", {}, [isOurs && !["available", "installed"].includes(model.state) && model.state, ...roles].filter(Boolean).join(", "))),
    make("p", {}, facts.filter(Boolean).join(" · ")),
    progress,
    note,
    make("div", { class: "row" }, ...actions(model, { progress, tell, left, isUsed: roles.some(Boolean) || model.state === "loaded" })),
  );
}

function actions(model, { progress, tell, left, isUsed }) {
  if (model.backend !== "local") return [button("Use", doing(async () => { await ask("PATCH", "/api/v1/settings", { backend: model.backend }); tell(`${model.backend} answers from now on.`); await again(); }), { title: "Not on this machine: what you ask is sent there" })];
  if (!model.is_installed) return pulling(model, { progress, tell, left });
  const toggle = model.state === "loaded" ? "unload" : "load";
  const running = tunings.get(model.id);
  const tuning = running ? button("Stop", () => running.abort(), { title: "Measure no further" }) : button("Tune", doing(() => tune(model, tell)), { title: "Measure it on this machine, and keep a quicker form of it where that loses nothing" });
  return [
    button("Use", doing(() => use(model, tell)), { title: "Chat and complete with it" }),
    button(toggle === "load" ? "Load" : "Unload", doing(async () => { await ask("POST", `${at(model)}/${toggle}`); await again(); })),
    tuning,
    button("Remove", doing(async () => {
      if (!confirm(`Delete ${model.id} from this machine?${isUsed ? " It is in use." : ""}`)) return;
      await ask("DELETE", at(model));
      said.delete(model.id);
      await again();
    })),
  ];
}

async function use(model, tell) {
  await ask("PATCH", "/api/v1/settings", { ...(model.can_chat && { chat_model: model.id }), ...(model.can_infill && { completion_model: model.id }) });
  tell(`It ${[model.can_chat && "chats", model.can_infill && "completes"].filter(Boolean).join(" and ")} from now on.`);
  await again();
}

function pulling(model, { progress, tell, left }) {
  const isRunning = model.pull?.state === "running";
  let isStopped = false;
  const stop = button("Stop", doing(async () => { isStopped = true; await ask("DELETE", `${at(model)}/pull`); }), { hidden: !isRunning });
  const isBegun = ["cancelled", "failed"].includes(model.pull?.state) && model.pull.bytes > 0;
  const get = button(isBegun ? "Go on" : "Get", doing(pull), { hidden: isRunning, disabled: model.fits === "no" });
  async function pull() {
    progress.hidden = false;
    [stop.hidden, get.hidden] = [false, true];
    if (document.activeElement === document.body) stop.focus();
    tell("");
    try {
      // Leaving this view ends the telling; the pull goes on in the daemon.
      for await (const { name, data } of events("POST", `${at(model)}/pull`, undefined, left)) {
        if (name === "progress") {
          progress.value = data.total ? data.bytes / data.total : 0;
          tell(`${bytes(data.bytes)} of ${bytes(data.total)}${data.rate ? `, ${bytes(data.rate)} a second` : ""}`);
        } else if (name === "warning" || name === "notice") tell(data.message);
      }
      tell("It is here.");
    } catch (error) {
      tell(error.name === "AbortError" ? "" : error.told ?? error.message);
      if (!isStopped) throw error;
    } finally {
      if (!left.aborted) await again();
    }
  }
  if (isRunning) pull().catch(showTrouble);
  return [get, stop];
}

async function tune(model, tell) {
  if (!confirm(`Measure ${model.id}? It takes minutes, and answers wait meanwhile.`)) return;
  const stop = new AbortController();
  tunings.set(model.id, stop);
  tell("Measuring; this takes minutes, and answers wait meanwhile.");
  try {
    await again();
    for await (const { name, data } of events("POST", `${at(model)}/tune`, undefined, stop.signal)) {
      if (name === "progress") tell(data.text);
      else if (name === "done") tell(data.verdict);
    }
  } catch (error) {
    tell(stop.signal.aborted ? "Stopped; it stays as it is." : error.told ?? error.message);
    throw error;
  } finally {
    tunings.delete(model.id);
    await again();
  }
}

function at(model) {
  return `/api/v1/models/${encodeURIComponent(model.id)}`;
}
