// What may change while the daemon runs; everything else stands in the settings file, and is shown.

import { ask } from "./api.js";
import { button, doing, make, renew, say, showTrouble, table } from "./elements.js";

const HOUR_MILLISECONDS = 3_600_000;
const SHOWN = ["backend", "chat_model", "completion_model", "completions_paused_until"];

/** Show the settings. */
export async function showSettings(view, left) {
  const form = make("div", { class: "choices" });
  const others = make("div", {});
  const signOut = button("Sign this browser out", doing(async () => { await ask("POST", "/signout"); location.reload(); }));
  view.append(make("h1", {}, "Settings"), form, make("p", {}, signOut), others);
  let shown = null;
  const show = async () => {
    const [now, { models }, status] = await Promise.all([
      ask("GET", "/api/v1/settings", undefined, left),
      ask("GET", "/api/v1/models", undefined, left),
      ask("GET", "/api/v1/status", undefined, left),
    ]);
    shown = now;
    renew(form, choices(now, models, change));
    renew(others, [table("Every setting, secrets hidden", ["name", "value"], Object.entries(status.settings).map(([name, value]) => [name, make("code", {}, JSON.stringify(value))]))]);
  };
  const change = async (body) => {
    try {
      await ask("PATCH", "/api/v1/settings", body);
      say("Changed");
    } catch (error) {
      showTrouble(error);
    }
    // Also after a refusal: what is shown is what holds.
    await show().catch(showTrouble);
  };
  // The tray and the command line change them, too.
  addEventListener("state", ({ detail }) => { if (shown && SHOWN.some((name) => detail[name] !== shown[name])) show().catch(showTrouble); }, { signal: left });
  await show();
}

function choices(now, models, change) {
  const here = models.filter((model) => model.backend === "local" && model.is_installed);
  const none = "Andiron chooses";
  return [
    choice("Who answers", now.backends, now.backend, (backend) => change({ backend })),
    choice("Chat model", here.filter((one) => one.can_chat).map((one) => one.id), now.chat_model, (id) => change({ chat_model: id || null }), none),
    choice("Completion model", here.filter((one) => one.can_infill).map((one) => one.id), now.completion_model, (id) => change({ completion_model: id || null }), none),
    pause(now.completions_paused_until, change),
    ...(now.until_restart.length ? [make("p", { class: "notes" }, `Until the daemon ends only: ${now.until_restart.join(", ")}.`)] : []),
  ];
}

function choice(label, names, current, chosen, none) {
  const options = [...(none ? [["", none]] : []), ...names.map((name) => [name, name])];
  if (current && !names.includes(current)) options.push([current, current]);
  const select = make("select", { onchange: () => chosen(select.value) }, options.map(([value, text]) => make("option", { value, selected: value === (current ?? "") }, text)));
  return make("label", {}, make("span", {}, label), select);
}

function pause(until, change) {
  const isPaused = until && Date.parse(until) > Date.now();
  const text = isPaused ? `Completions are paused until ${new Date(until).toLocaleTimeString()}.` : "Completions are on.";
  const next = isPaused ? null : new Date(Date.now() + HOUR_MILLISECONDS).toISOString();
  return make("p", {}, text, " ", button(isPaused ? "Resume" : "Pause for an hour", () => change({ completions_paused_until: next })));
}
