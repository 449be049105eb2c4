/** What becomes of a suggestion, seen from how the text changes where it was offered. Knows nothing of the editor. */

/** What was offered, and where in its document, as offsets. */
export interface Offer {
  readonly id: string;
  readonly document: string;
  readonly offset: number;
  /** What is to stand there; its first `given` characters are not the suggestion's. */
  readonly text: string;
  readonly given: number;
}

/** A change of the text, as the editor tells of it: in the text as it was before. */
export interface Change {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

type Read = (from: number, to: number) => string;

/** A suggestion from when it is first shown until it is known what became of it. */
export class Offered {
  /** Of this offer, and of those that were its rest. */
  readonly ids: Set<string>;
  #offset: number;
  #reached = 0;
  #accepted = 0;
  #hasGrown = false;

  constructor(readonly offer: Offer) {
    this.ids = new Set([offer.id]);
    this.#offset = offer.offset;
  }

  /** Tell whether another offer is this one again, or what is left of it once its beginning stands there. */
  goesOnAs(other: Offer, read: Read): boolean {
    const from = Math.min(this.#offset, other.offset);
    const own = read(from, this.#offset) + this.offer.text;
    return other.document === this.offer.document && (read(from, other.offset) + other.text).startsWith(own);
  }

  /** Look how much of it stands there after a change of its document. */
  changed(changes: readonly Change[], read: Read): void {
    const { text } = this.offer;
    const at = this.#offset;
    const within = changes.filter(({ rangeOffset }) => rangeOffset >= at && rangeOffset <= at + text.length);
    for (const { rangeOffset, rangeLength, text: inserted } of changes) {
      if (rangeOffset < at) {
        this.#offset += inserted.length - Math.min(rangeLength, at - rangeOffset);
      }
    }
    if (within.length) {
      // What stood behind the cursor may be like the suggestion's end, and is none of it.
      const end = Math.min(...within.map((change) => change.rangeOffset - at + change.text.length));
      const before = this.#reached;
      this.#reached = common(text, read(this.#offset, this.#offset + Math.min(end, text.length)));
      this.#hasGrown = this.#reached > before;
      this.#accepted = Math.min(this.#accepted, this.#reached);
    }
  }

  /** Take note of where the cursor went; what came without being typed was accepted by a word or a line. */
  moved(isTyping: boolean): void {
    if (this.#hasGrown && !isTyping) {
      this.#accepted = this.#reached;
    }
    this.#hasGrown = false;
  }

  /** Tell whether a place is one it can still be taken from. */
  isAround(place: number): boolean {
    return place >= this.#offset && place <= this.#offset + this.offer.text.length;
  }

  /** Say what became of it; nothing of one that was typed by hand to its end, which was neither taken nor refused. */
  outcome(): object | undefined {
    const { text, given } = this.offer;
    if (this.#accepted > given) {
      // The daemon counts characters, not UTF-16 units.
      return { event: "accepted", accepted_chars: [...text.slice(given, this.#accepted)].length };
    }
    return this.#reached < text.length ? { event: "rejected" } : undefined;
  }
}

function common(one: string, other: string): number {
  let count = 0;
  while (count < one.length && one[count] === other[count]) {
    count += 1;
  }
  return count;
}
