// How the daemon is, live: what works, how fast, what went wrong.

import { ask } from "./api.js";
import { bytes, make, renew, table } from "./elements.js";
import { plot } from "./plots.js";

const EVERY_MILLISECONDS = 2000;
const REMEMBERED = 90;
const LONGEST_MS = 30_000;

/** Show the status for as long as the view is in front. */
export async function showStatus(view, left) {
  const now = make("div", { class: "live" });
  const gone = make("p", { role: "status" });
  view.append(make("h1", {}, "Status"), gone, now);
  const past = [];
  while (!left.aborted) {
    if (!document.hidden) {
      try {
        const status = await ask("GET", "/api/v1/status", undefined, left);
        past.push(sample(status));
        past.splice(0, past.length - REMEMBERED);
        renew(now, parts(status, past));
        gone.textContent = "";
      } catch (error) {
        if (left.aborted) return;
        gone.textContent = `${error.told ?? error.message}. This is how it was last.`;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MILLISECONDS));
  }
}

function workers(status) {
  return status.local_engine?.workers ?? [];
}

function sum(list, name) {
  return list.reduce((total, one) => total + (one[name] ?? 0), 0);
}

function sample(status) {
  const all = workers(status);
  return {
    waiting: sum(all, "waiting"),
    running: sum(all, "running"),
    speed: all[0]?.generate_tokens_per_second ?? null,
    prompt: all[0]?.prompt_tokens_per_second ?? null,
    memory: (status.process.rss_bytes + sum(all, "rss_bytes")) / 1e6,
  };
}

function parts(status, past) {
  const series = (name) => past.map((one) => one[name]);
  const days = status.completion.days ?? [];
  const between = days.length > 1 ? `${days[0].day} to ${days.at(-1).day}` : days[0]?.day ?? "";
  const lately = `last ${Math.max(1, Math.round((past.length * EVERY_MILLISECONDS) / 60_000))} min`;
  return [
    make(
      "div",
      { class: "plots" },
      plot("Queue", lately, "requests", [{ label: "running", values: series("running") }, { label: "waiting", values: series("waiting") }]),
      plot("Writing", lately, "tokens/s", [{ label: "", values: series("speed") }]),
      plot("Reading", lately, "tokens/s", [{ label: "", values: series("prompt") }]),
      plot("Memory", lately, "MB", [{ label: "", values: series("memory") }]),
      plot("Completion takes", between, "ms", [
        { label: "half within", values: days.map((day) => day.p50_ms) },
        { label: "19 of 20 within", values: days.map((day) => day.p95_ms) },
      ]),
      plot("Accepted of shown", between, "%", [{ label: "", values: days.map((day) => (day.shown ? (100 * day.accepted) / day.shown : null)) }]),
    ),
    engine(status),
    completion(status.completion),
    errors(status.last_errors),
    usage(status.usage),
    facts(status),
  ];
}

function engine(status) {
  const rows = workers(status).map((one) => [
    one.model,
    one.state,
    `${one.slots} slots, ${one.threads} threads${one.gpu_layers ? `, ${one.gpu_layers} layers on the GPU` : ""}`,
    `${one.cells_used} of ${one.cells}`,
    bytes(one.rss_bytes),
    one.last_error ?? one.infill_note ?? "",
  ]);
  return rows.length ? table("The engine", ["model", "state", "at once", "tokens kept", "memory", "note"], rows) : make("p", {}, "No model is in memory; the first request loads one.");
}

function completion({ counts, acceptance_rate: accepted, kept_rate: kept, latency }) {
  const percent = (rate) => (rate === null ? "–" : `${(100 * rate).toFixed(0)} %`);
  const within = (milliseconds) => (milliseconds > LONGEST_MS ? `over ${LONGEST_MS}` : milliseconds);
  const rows = Object.entries(latency).map(([stage, { answers, p50_ms: half, p95_ms: most }]) => [stage, answers, within(half), within(most)]);
  return make(
    "div",
    {},
    make("h2", {}, "Completion"),
    make("p", {}, `${counts.requests ?? 0} asked, ${counts.offered ?? 0} offered, ${percent(accepted)} of those shown accepted${kept === null ? "" : `, ${percent(kept)} of that kept`}`),
    rows.length ? table("How long each stage takes", ["stage", "answers", "half within ms", "19 of 20 within ms"], rows) : "",
  );
}

function errors(notes) {
  if (!notes.length) return make("p", {}, "Nothing went wrong lately.");
  return table("What went wrong lately", ["when", "what", "what to do", "request"], notes.toReversed().map((one) => [new Date(one.at).toLocaleTimeString(), `${one.code}: ${one.message}`, one.hint ?? "", one.request_id ? make("code", {}, one.request_id) : ""]));
}

function usage(days) {
  if (!days.length) return make("p", {}, "Nothing was answered yet.");
  return table("What was answered", ["day", "by", "answers", "tokens read", "tokens written"], days.map((one) => [one.day, one.backend, one.answers, one.prompt_tokens, one.completion_tokens]));
}

function facts(status) {
  const rows = [
    ["version", status.version],
    ["up for", `${Math.round(status.process.uptime_s / 60)} minutes`],
    ["conversations", `${status.storage.conversations ?? "–"} with ${status.storage.messages ?? "–"} messages, ${bytes(status.storage.bytes)}`],
    ...status.backends.map((one) => [one.name, [one.state, one.detail, one.hint].filter(Boolean).join(". ")]),
  ];
  return table("The daemon", ["what", "how"], rows);
}
