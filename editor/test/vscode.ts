/** As much of the editor as its parts that are tested without one need: settings, events, messages, a view. */

export const settings: Record<string, unknown> = {};
/** The messages a person was shown. */
export const messages: string[] = [];

export const workspace = {
  textDocuments: [],
  getConfiguration: () => ({ get: (name: string, otherwise: unknown) => settings[name] ?? otherwise }),
};

const nothing = { dispose: (): void => undefined };

export const window = {
  registerWebviewViewProvider: () => nothing,
  showWarningMessage: (message: string) => (messages.push(message), Promise.resolve(undefined)),
};

export const commands = {
  executeCommand: (name: string, text: string) => Promise.resolve(name === "markdown.api.render" ? `<p>${text}</p>` : undefined),
};

export const Uri = { joinPath: (base: string, ...parts: string[]) => [base, ...parts].join("/") };

export const Disposable = {
  from: (...all: { dispose(): void }[]) => ({ dispose: () => all.forEach((one) => one.dispose()) }),
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
