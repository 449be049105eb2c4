/** One message when the daemon cannot be worked with, and none again until it was there in between. */

import vscode = require("vscode");

import type { Daemon } from "./daemon";
import { isHere } from "./location";

export class Trouble implements vscode.Disposable {
  #isTold = false;
  readonly #subscription: vscode.Disposable;

  constructor(private readonly daemon: Daemon) {
    this.#subscription = daemon.onDidChange(() => void this.#look());
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(): Promise<void> {
    const { condition, trouble, state } = this.daemon;
    if (state && condition !== "failed") {
      this.#isTold = false;
      return;
    }
    if (this.#isTold || !trouble) {
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
