/**
 * What became of suggestions: shown, accepted whole or by words, or left.
 *
 * The editor tells of a suggestion that was accepted whole only. A change that brings several of its characters
 * at once is one of its words accepted; characters that come one by one are typed.
 */

import * as vscode from "vscode";

import type { Daemon } from "../daemon";
import { isRestOf, type Offer, takenCharacters } from "./accepted";

/** What is open: the offer as it was first shown, the one shown now (its rest, after some typing), and what was taken. */
interface Open {
  readonly offer: Offer;
  shown: Offer;
  accepted: number;
}

export class Feedback implements vscode.Disposable {
  #open: Open | undefined;
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly daemon: Daemon,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#subscriptions = vscode.Disposable.from(
      vscode.commands.registerCommand("andiron.completion.accepted", (id: string) => this.#acceptedWhole(id)),
      vscode.workspace.onDidChangeTextDocument((change) => this.#changed(change)),
      vscode.window.onDidChangeTextEditorSelection((event) => this.#moved(event)),
    );
  }

  /** Note a suggestion that is shown from now on; the one before is settled unless this is its rest. */
  offered(offer: Offer, between: (from: number) => string): void {
    const open = this.#open;
    if (open && (open.shown.id === offer.id || isRestOf(open.offer, offer, between(open.offer.offset)))) {
      open.shown = offer;
      return;
    }
    this.#settle();
    this.#open = { offer, shown: offer, accepted: 0 };
    this.#send(offer.id, { event: "shown" });
  }

  dispose(): void {
    this.#settle();
    this.#subscriptions.dispose();
  }

  #acceptedWhole(id: string): void {
    if (this.#open && [this.#open.offer.id, this.#open.shown.id].includes(id)) {
      this.#open = undefined;
    }
    this.#send(id, { event: "accepted" });
  }

  #changed(change: vscode.TextDocumentChangeEvent): void {
    const open = this.#open;
    const [only] = change.contentChanges;
    if (!open || !only || change.document.uri.toString() !== open.offer.document) {
      return;
    }
    const taken = takenCharacters(open.offer, change.document.getText());
    if (only.text.length > 1 && taken > open.accepted && taken < open.offer.text.length) {
      open.accepted = taken;
    }
  }

  #moved(event: vscode.TextEditorSelectionChangeEvent): void {
    const open = this.#open;
    const { document } = event.textEditor;
    if (!open || document.uri.toString() !== open.offer.document) {
      return;
    }
    const at = document.offsetAt(event.selections[0]!.active);
    if (at < open.offer.offset || at > open.offer.offset + open.offer.text.length) {
      this.#settle();
    }
  }

  #settle(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) {
      this.#send(open.offer.id, open.accepted ? { event: "accepted", accepted_chars: open.accepted } : { event: "rejected" });
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
