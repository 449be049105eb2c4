/**
 * How long to wait for the next key before asking: long enough not to ask between two keys of a quick typist,
 * never longer than the answer would take to be missed.
 */

const REMEMBERED = 24;
// A longer gap is a pause, and says nothing of how fast somebody types.
const LONGEST_GAP_MILLISECONDS = 600;
const QUICK_MILLISECONDS = 60;

export class Pace {
  #gaps: number[] = [];
  #lastKey: number | undefined;
  #latency: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Note a key. */
  typed(): void {
    const now = this.now();
    if (this.#lastKey !== undefined && now - this.#lastKey < LONGEST_GAP_MILLISECONDS) {
      this.#gaps.push(now - this.#lastKey);
      this.#gaps.splice(0, this.#gaps.length - REMEMBERED);
    }
    this.#lastKey = now;
  }

  /** Note how long the daemon took for an answer the model had to write. */
  answered(milliseconds: number): void {
    this.#latency = this.#latency === undefined ? milliseconds : 0.8 * this.#latency + 0.2 * milliseconds;
  }

  /**
   * Say how long to wait.
   *
   * The daemon goes on with what it writes while the person types along, so waiting saves it work only where
   * answers are slow: a quick daemon is asked at once, a slow one when the typing seems to rest.
   */
  delayMilliseconds(longest: number): number {
    const latency = this.#latency ?? QUICK_MILLISECONDS;
    if (latency <= QUICK_MILLISECONDS) {
      return 0;
    }
    const gap = this.#gaps.length ? [...this.#gaps].sort((a, b) => a - b)[this.#gaps.length >> 1]! : 0;
    return Math.min(longest, gap, latency / 2);
  }
}
