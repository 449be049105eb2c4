// Small plots, drawn as SVG: one or several lines over the same numbers of steps.

import { make } from "./elements.js";

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 240;
const HEIGHT = 56;

function shape(tag, attributes) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Draw lines over a time; `series` is `{label, values}`, missing values are null. The last value is told in words too. */
export function plot(title, time, unit, series) {
  const figure = document.createElement("figure");
  figure.className = "plot";
  const values = series.flatMap((line) => line.values).filter((value) => value !== null);
  const top = Math.max(...values, 1);
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": described(title, unit, series) });
  picture.append(shape("line", { x1: 0, y1: HEIGHT - 1, x2: WIDTH, y2: HEIGHT - 1, class: "axis" }));
  series.forEach((line, number) => {
    const points = line.values.map((value, at) => [at, value]).filter(([, value]) => value !== null);
    const step = WIDTH / Math.max(1, line.values.length - 1);
    const path = points.map(([at, value]) => `${(at * step).toFixed(1)},${(HEIGHT - 2 - (HEIGHT - 6) * (value / top)).toFixed(1)}`);
    // One value alone is a line of no length, which round ends make a dot.
    if (path.length) picture.append(shape("polyline", { points: (path.length > 1 ? path : [path[0], path[0]]).join(" "), class: path.length > 1 ? `line-${number}` : `line-${number} dot` }));
  });
  const caption = document.createElement("figcaption");
  const lines = series.map((line, number) => make("span", {}, key(series, number), `${line.label} ${told(line, unit)}`.trim()));
  caption.append(make("strong", {}, title), make("small", {}, time), make("span", { class: "values" }, lines, values.length ? make("small", {}, `scale to ${rounded(top)}`) : ""));
  figure.append(caption, picture);
  return figure;
}

/** Show which line a label belongs to, where there are several. */
function key(series, number) {
  if (series.length < 2) return "";
  const sign = shape("svg", { viewBox: "0 0 16 4", class: "key", "aria-hidden": "true" });
  sign.append(shape("polyline", { points: "0,2 16,2", class: `line-${number}` }));
  return sign;
}

function described(title, unit, series) {
  return `${title}: ${series.map((line) => `${line.label} ${told(line, unit)}`.trim()).join(", ")}`;
}

function told({ values }, unit) {
  const last = values.filter((value) => value !== null).at(-1);
  return last === undefined ? "–" : `${rounded(last)} ${unit}`;
}

function rounded(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}
