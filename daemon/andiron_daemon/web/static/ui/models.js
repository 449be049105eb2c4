// The models that are here and those that can be had: get, use, measure, let go.

import { ask, events } from "./api.js";
import { button, bytes, doing, make, showTrouble } from "./elements.js";

const FITS = { yes: "fits this machine", tight: "fits, but only just", no: "too large for this machine" };

/** Show the models. */
export async function showModels(view, left) {
  const list = make("div", { class: "cards" });
  view.append(make("h1", {}, "Models"), list);
  const show = async () => {
    const [{ models }, settings] = await Promise.all([ask("GET", "/api/v1/models", undefined, left), ask("GET", "/api/v1/settings", undefined, left)]);
    list.replaceChildren(...models.map((model) => card(model, settings, show)));
  };
  await show();
}

function card(model, settings, again) {
  const told = [model.publisher, model.licence, model.size_bytes && bytes(model.size_bytes), model.fits && FITS[model.fits], model.context_length && `${model.context_length} tokens of context`];
  const isUsed = [settings.chat_model, settings.completion_model].includes(model.id) || model.state === "loaded";
  const progress = make("progress", { max: 1, value: 0, hidden: true, "aria-label": `Fetching ${model.id}` });
  const note = make("p", { class: "notes" });
  return make(
    "section",
    { class: `model ${model.is_installed ? "here" : ""}`, "aria-label": model.id },
    make("h2", {}, model.id, " ", make("small", {}, model.state)),
    make("p", {}, told.filter(Boolean).join(" · ")),
    progress,
    note,
    make("div", { class: "row" }, ...actions(model, isUsed, progress, note, again)),
  );
}

function actions(model, isUsed, progress, note, again) {
  if (model.backend !== "local") return [use(model, again)];
  if (!model.is_installed) return pulling(model, progress, note, again);
  const toggle = model.state === "loaded" ? "unload" : "load";
  return [
    use(model, again),
    button(toggle === "load" ? "Load" : "Unload", doing(async () => { await ask("POST", `${at(model)}/${toggle}`); await again(); })),
    button("Tune", doing(() => tune(model, note, again)), { title: "Measure it on this machine, and keep a quicker form of it where that loses nothing" }),
    button("Remove", doing(async () => {
      if (!confirm(`Delete ${model.id} from this machine?${isUsed ? " It is in use." : ""}`)) return;
      await ask("DELETE", at(model));
      await again();
    })),
  ];
}

function use(model, again) {
  return button("Use", doing(async () => {
    await ask("PATCH", "/api/v1/settings", { ...(model.can_chat && { chat_model: model.id }), ...(model.can_infill && { completion_model: model.id }) });
    await again();
  }), { title: "Chat and complete with it" });
}

function pulling(model, progress, note, again) {
  const stop = button("Stop", doing(() => ask("DELETE", `${at(model)}/pull`)), { hidden: !model.pull });
  const get = button("Get", doing(pull), { hidden: Boolean(model.pull), disabled: model.fits === "no" });
  async function pull() {
    progress.hidden = false;
    [stop.hidden, get.hidden] = [false, true];
    try {
      for await (const { name, data } of events("POST", `${at(model)}/pull`)) {
        if (name === "progress") {
          progress.value = data.total ? data.bytes / data.total : 0;
          note.textContent = `${bytes(data.bytes)} of ${bytes(data.total)}${data.rate ? `, ${bytes(data.rate)} a second` : ""}`;
        } else if (name === "error") throw Object.assign(new Error(data.error.message), { told: [data.error.message, data.error.hint].filter(Boolean).join(". ") });
      }
    } finally {
      progress.hidden = true;
      [stop.hidden, get.hidden] = [true, false];
      await again();
    }
  }
  if (model.pull) pull().catch(showTrouble);
  return [get, stop];
}

async function tune(model, note, again) {
  note.textContent = "Measuring; this takes minutes, and answers wait meanwhile.";
  for await (const { name, data } of events("POST", `${at(model)}/tune`)) {
    if (name === "progress") note.textContent = data.text;
    else if (name === "done") note.textContent = data.verdict;
    else if (name === "error") throw Object.assign(new Error(data.error.message), { told: data.error.message });
  }
  await again();
}

function at(model) {
  return `/api/v1/models/${encodeURIComponent(model.id)}`;
}
