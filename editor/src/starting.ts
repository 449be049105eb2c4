/** Starts the daemon by its own command, and offers to install it where there is none. */

import { spawn } from "node:child_process";

import vscode = require("vscode");

import { DaemonError } from "./client";
import type { Daemon } from "./daemon";

// The terminal of Windows knows no `&&`.
const INSTALL = `pipx install andiron ${process.platform === "win32" ? ";" : "&&"} andiron up`;

/** Start the daemon by its own command, or say how to get it. */
export async function start(daemon: Daemon, log: vscode.LogOutputChannel): Promise<void> {
  if (daemon.isThere) {
    return;
  }
  const settings = vscode.workspace.getConfiguration("andiron");
  const home = settings.get("home", "");
  const status = await run(settings.get("command", "andiron"), ["serve", "--detach"], home, log);
  if (status === undefined) {
    await offerToInstall();
    return;
  }
  if (status !== 0) {
    throw new DaemonError("start_failed", `the daemon did not start (exit status ${status})`, "Look at the log: Andiron: Show Log");
  }
  daemon.reconnect();
}

async function run(command: string, words: readonly string[], home: string, log: vscode.LogOutputChannel): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...(home ? { ANDIRON_HOME: home } : {}) } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => log.info(data.toString("utf8").trimEnd()));
    }
    child.on("error", () => resolve(undefined));
    child.on("exit", (status) => resolve(status ?? 1));
  });
}

/** Put the command that installs it into a terminal; the person reads it and presses Enter. */
async function offerToInstall(): Promise<void> {
  const choice = await vscode.window.showErrorMessage("Andiron is not installed where the editor looks for it.", "Install in a terminal", "Set its path");
  if (choice?.startsWith("Install")) {
    const terminal = vscode.window.createTerminal("Andiron");
    terminal.show();
    terminal.sendText(INSTALL, false);
  } else if (choice) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "andiron.command");
  }
}
