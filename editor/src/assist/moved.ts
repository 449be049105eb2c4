/** Where something found in a text stands after the text was changed. Knows nothing of the editor. */

export interface Spot {
  readonly line: number;
  readonly character: number;
}

export interface Span {
  readonly start: Spot;
  readonly end: Spot;
}

/** Return where a span stands after a change; undefined if the change touched it. */
export function moved(span: Span, changed: Span, text: string): Span | undefined {
  if (isBefore(span.end, changed.start)) {
    return span;
  }
  if (!isBefore(changed.end, span.start)) {
    return undefined;
  }
  return { start: shifted(span.start, changed, text), end: shifted(span.end, changed, text) };
}

function shifted(spot: Spot, changed: Span, text: string): Spot {
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines[lines.length - 1]!;
  const line = spot.line + lines.length - 1 - (changed.end.line - changed.start.line);
  if (spot.line !== changed.end.line) {
    return { line, character: spot.character };
  }
  const begin = lines.length === 1 ? changed.start.character : 0;
  return { line, character: begin + last.length + spot.character - changed.end.character };
}

function isBefore(one: Spot, other: Spot): boolean {
  return one.line < other.line || (one.line === other.line && one.character <= other.character);
}
