/** How much of a suggestion was taken, seen from how the text grew where it was offered. */

/** What was offered, and where in its document, as offsets. */
export interface Offer {
  readonly id: string;
  readonly text: string;
  readonly document: string;
  readonly offset: number;
}

/** Say how many characters of an offer stand where it was offered. */
export function takenCharacters(offer: Offer, text: string): number {
  let count = 0;
  while (count < offer.text.length && text[offer.offset + count] === offer.text[count]) {
    count += 1;
  }
  return count;
}

/** Tell whether a newer offer is what is left of an older one, whose beginning was typed; `between` is what stands from one to the other. */
export function isRestOf(older: Offer, newer: Offer, between: string): boolean {
  return older.document === newer.document && newer.offset >= older.offset && older.text === between + newer.text;
}
