/** As much of the editor as its parts that are tested without one need: settings, and events. */

export const settings: Record<string, unknown> = {};

export const workspace = {
  getConfiguration: () => ({ get: (name: string, otherwise: unknown) => settings[name] ?? otherwise }),
};

type Listener<Event> = (event: Event) => void;

export class EventEmitter<Event> {
  #listeners = new Set<Listener<Event>>();

  event = (listener: Listener<Event>): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  fire(event: Event): void {
    this.#listeners.forEach((listener) => listener(event));
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
