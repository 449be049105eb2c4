// What was sent to other machines: when, where to, how much; never the text.

import { ask } from "./api.js";
import { button, bytes, doing, make, renew, table } from "./elements.js";

/** Show the log of what left this machine. */
export async function showPrivacy(view, left) {
  const told = make("p", {});
  const log = make("div", {});
  view.append(make("h1", {}, "Privacy"), told, log);
  const show = async (before) => {
    const page = await ask("GET", `/api/v1/privacy/log?limit=100${before ? `&before=${encodeURIComponent(before)}` : ""}`, undefined, left);
    const outside = Object.entries(page.privacy.outside);
    const places = outside.map(([name, host]) => `${name} (${host})`).join(", ");
    told.textContent = page.privacy.leaves_by_default
      ? `Requests go to ${places} unless they say otherwise.`
      : `Nothing leaves this machine by itself.${places ? ` Only requests that ask for it go to ${places}.` : ""}`;
    const rows = page.sendings.map((one) => [
      new Date(one.at).toLocaleString(),
      `${one.host} (${one.model})`,
      one.kind,
      bytes(one.bytes),
      one.masked,
      [...one.paths, ...one.withheld.map((path) => `${path} (kept back)`)].join(", "),
      one.outcome,
    ]);
    renew(log, [
      rows.length ? table("What was sent", ["when", "where", "what", "size", "secrets masked", "files", "outcome"], rows) : make("p", {}, "Nothing was sent away."),
      ...(before ? [button("Newest", doing(() => show()))] : []),
      ...(page.next_before ? [button("Older", doing(() => show(page.next_before)))] : []),
    ]);
  };
  await show();
}
