/** One message when the daemon cannot be worked with, and none again until it was there in between. */

import vscode = require("vscode");

import type { Daemon } from "./daemon";
import { isHere } from "./location";

// A daemon that is started anew, or a machine that was asleep, is back by then.
const GRACE_MILLISECONDS = 3_000;

export class Trouble implements vscode.Disposable {
  #isTold = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #subscription: vscode.Disposable;

  constructor(private readonly daemon: Daemon) {
    this.#subscription = daemon.onDidChange(() => this.#changed());
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  #changed(): void {
    const { condition, state } = this.daemon;
    if (state && condition !== "failed") {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#isTold = false;
    } else if (!this.#isTold) {
      this.#timer ??= setTimeout(() => void this.#tell(), GRACE_MILLISECONDS);
    }
  }

  async #tell(): Promise<void> {
    const { condition, trouble } = this.daemon;
    this.#timer = undefined;
    if (!trouble) {
      return;
    }
    this.#isTold = true;
    const text = trouble.advice;
    if (condition === "offline" && isHere(vscode.workspace.getConfiguration("andiron").get("url", "") || "http://localhost")) {
      const choice = await vscode.window.showWarningMessage(`Andiron: ${text}`, "Start", "Not now");
      if (choice === "Start") {
        await vscode.commands.executeCommand("andiron.start");
      }
    } else {
      const choice = await vscode.window.showWarningMessage(`Andiron: ${text}`, "Settings", "Show Log");
      if (choice === "Settings") {
        await vscode.commands.executeCommand("workbench.action.openSettings", "andiron");
      } else if (choice) {
        await vscode.commands.executeCommand("andiron.showLog");
      }
    }
  }
}
