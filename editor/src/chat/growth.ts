/**
 * How often an answer is shown while it grows. Each time all of it is rendered anew, so the longer that takes the
 * seldomer it is done: however long an answer, most of the time is left for everything else. Knows nothing of the editor.
 */

const LEAST_MILLISECONDS = 80;
// Of the time, one part is for showing and so many are not.
const PARTS_LEFT = 4;

export class Growth {
  #timer: NodeJS.Timeout | undefined;
  #isShowing = false;
  #hasGrown = false;
  #restMilliseconds = LEAST_MILLISECONDS;

  constructor(
    private readonly show: () => Promise<void>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Have it shown soon. */
  grown(): void {
    this.#hasGrown = true;
    if (!this.#isShowing) {
      this.#timer ??= setTimeout(() => void this.#showNow(), this.#restMilliseconds);
    }
  }

  /** Show nothing any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#hasGrown = false;
  }

  async #showNow(): Promise<void> {
    const started = this.now();
    this.#timer = undefined;
    this.#hasGrown = false;
    this.#isShowing = true;
    await this.show();
    this.#isShowing = false;
    this.#restMilliseconds = Math.max(LEAST_MILLISECONDS, PARTS_LEFT * (this.now() - started));
    if (this.#hasGrown) {
      this.grown();
    }
  }
}
