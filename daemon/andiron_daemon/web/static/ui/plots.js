// Small plots, drawn as SVG: one or several lines over the same numbers of steps.

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 240;
const HEIGHT = 56;

function shape(tag, attributes) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Draw lines; `series` is `{label, values}`, missing values are null. The last value is told in words too. */
export function plot(title, unit, series) {
  const figure = document.createElement("figure");
  figure.className = "plot";
  const values = series.flatMap((line) => line.values).filter((value) => value !== null);
  const top = Math.max(...values, 1e-9);
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": described(title, unit, series) });
  picture.append(shape("line", { x1: 0, y1: HEIGHT - 1, x2: WIDTH, y2: HEIGHT - 1, class: "axis" }));
  series.forEach((line, number) => {
    const points = line.values.map((value, at) => [at, value]).filter(([, value]) => value !== null);
    const step = WIDTH / Math.max(1, line.values.length - 1);
    const path = points.map(([at, value]) => `${(at * step).toFixed(1)},${(HEIGHT - 2 - (HEIGHT - 6) * (value / top)).toFixed(1)}`);
    if (path.length === 1) {
      const [x, y] = path[0].split(",");
      picture.append(shape("circle", { cx: x, cy: y, r: 2.5, class: `dot-${number}` }));
    } else if (path.length) {
      picture.append(shape("polyline", { points: path.join(" "), class: `line-${number}` }));
    }
  });
  const caption = document.createElement("figcaption");
  caption.textContent = described(title, unit, series);
  figure.append(picture, caption);
  return figure;
}

function described(title, unit, series) {
  const parts = series.map(({ label, values }) => {
    const last = values.filter((value) => value !== null).at(-1);
    return `${label ? `${label} ` : ""}${last === undefined ? "nothing yet" : `${rounded(last)} ${unit}`}`;
  });
  return `${title}: ${parts.join(", ")}`;
}

function rounded(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}
