/**
 * The text before and behind a cursor, no more of it than the daemon looks at: a file may have millions of lines.
 *
 * Knows nothing of the editor but the shape of its documents, so that it can be tested alone.
 */

const MOST_BEFORE = 65_536;
const MOST_BEHIND = 16_384;

export interface Place {
  readonly line: number;
  readonly character: number;
}

/** A document, as far as this needs it. */
export interface Lines {
  readonly lineCount: number;
  readonly end: "\n" | "\r\n";
  at(line: number): string;
}

/** Return the text before a place, from the beginning of a line unless that line alone is too long. */
export function textBefore(lines: Lines, place: Place, most = MOST_BEFORE): string {
  const pieces = [lines.at(place.line).slice(0, place.character).slice(-most)];
  let room = most - pieces[0]!.length;
  for (let line = place.line - 1; line >= 0; line -= 1) {
    const text = lines.at(line) + lines.end;
    room -= text.length;
    if (room < 0) {
      break;
    }
    pieces.push(text);
  }
  return pieces.reverse().join("");
}

/** Return the text behind a place, up to the end of a line unless that line alone is too long. */
export function textBehind(lines: Lines, place: Place, most = MOST_BEHIND): string {
  const pieces = [lines.at(place.line).slice(place.character).slice(0, most)];
  let room = most - pieces[0]!.length;
  for (let line = place.line + 1; line < lines.lineCount; line += 1) {
    const text = lines.end + lines.at(line);
    room -= text.length;
    if (room < 0) {
      break;
    }
    pieces.push(text);
  }
  return pieces.join("");
}
