/** What became of suggestions: shown, accepted whole or by words, or left; each is told of once. */

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import { type Offer, Offered } from "./accepted";

export class Feedback implements vscode.Disposable {
  #open: Offered | undefined;
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#subscriptions = vscode.Disposable.from(
      vscode.commands.registerCommand("andiron.completion.accepted", (id: string) => this.#acceptedWhole(id)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (this.#open?.offer.document === document.uri.toString()) {
          this.#open.changed(contentChanges, reader(document));
        }
      }),
      vscode.window.onDidChangeTextEditorSelection((event) => this.#moved(event)),
    );
  }

  /** Note a suggestion that is shown from now on; the one before is settled unless this is its rest. */
  offered(offer: Offer, document: vscode.TextDocument): void {
    if (this.#open?.goesOnAs(offer, reader(document))) {
      this.#open.ids.add(offer.id);
      return;
    }
    this.#settle();
    this.#open = new Offered(offer);
    this.#send(offer.id, { event: "shown" });
  }

  dispose(): void {
    this.#settle();
    this.#subscriptions.dispose();
  }

  /** The editor tells of what was accepted whole, by the offer that was shown last; it was the rest of the first. */
  #acceptedWhole(id: string): void {
    const open = this.#open?.ids.has(id) ? this.#open : undefined;
    if (open) {
      this.#open = undefined;
    }
    this.#send(open?.offer.id ?? id, { event: "accepted" });
  }

  #moved({ textEditor, kind, selections }: vscode.TextEditorSelectionChangeEvent): void {
    const { document } = textEditor;
    if (!this.#open || textEditor !== vscode.window.activeTextEditor || this.#open.offer.document !== document.uri.toString()) {
      return;
    }
    this.#open.moved(kind === vscode.TextEditorSelectionChangeKind.Keyboard);
    if (!this.#open.isAround(document.offsetAt(selections[0]!.active))) {
      this.#settle();
    }
  }

  #settle(): void {
    const open = this.#open;
    this.#open = undefined;
    const outcome = open?.outcome();
    if (open && outcome) {
      this.#send(open.offer.id, outcome);
    }
  }

  #send(id: string, body: object): void {
    if (this.daemon.isThere) {
      this.daemon.client
        .json("POST", `/api/v1/code/complete/${encodeURIComponent(id)}/feedback`, body)
        .catch((error: unknown) => this.log.debug(`feedback was not taken: ${String(error)}`));
    }
  }
}

function reader(document: vscode.TextDocument): (from: number, to: number) => string {
  return (from, to) => document.getText(new vscode.Range(document.positionAt(from), document.positionAt(to)));
}
