/** What a person does to the daemon from the editor: choose who answers, pause, look into it. */

import vscode = require("vscode");

import { complain } from "./assist/asking";
import { type Daemon, logFile } from "./daemon";
import { start } from "./starting";

const HOUR_MILLISECONDS = 3_600_000;

/** Register the commands behind the status bar's item. */
export function registerMenu(daemon: Daemon, log: vscode.LogOutputChannel, activation: () => number): vscode.Disposable {
  const register = (name: string, work: () => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`andiron.${name}`, async () => {
      try {
        await work();
      } catch (error) {
        complain(error);
      }
    });
  return vscode.Disposable.from(
    register("showMenu", () => showMenu(daemon)),
    register("start", () => start(daemon, log)),
    register("pause", () => pause(daemon)),
    register("switchBackend", () => choose(daemon, "backend")),
    register("switchModel", () => choose(daemon, "model")),
    register("openPage", () => openPage(daemon)),
    register("showLog", () => log.show()),
    register("showDaemonLog", () => vscode.window.showTextDocument(vscode.Uri.file(logFile()), { preview: true })),
    register("copyReport", () => copyReport(daemon, activation())),
  );
}

async function showMenu(daemon: Daemon): Promise<void> {
  const isPaused = daemon.condition === "paused";
  const there = [
    { label: "$(comment-discussion) Chat", command: "andiron.chat.focus" },
    { label: isPaused ? "$(debug-continue) Resume completions" : "$(debug-pause) Pause completions for an hour", command: "andiron.pause" },
    { label: "$(server) Choose who answers", description: daemon.state?.backend ?? "", command: "andiron.switchBackend" },
    { label: "$(package) Choose the model", description: daemon.state?.model ?? "", command: "andiron.switchModel" },
    { label: "$(browser) Open the status page", command: "andiron.openPage" },
  ];
  const gone = [{ label: "$(play) Start the daemon", command: "andiron.start" }];
  const always = [
    { label: "$(output) Show log", command: "andiron.showLog" },
    { label: "$(output) Show the daemon's log", command: "andiron.showDaemonLog" },
    { label: "$(copy) Copy a report", command: "andiron.copyReport" },
    { label: "$(gear) Settings", command: "workbench.action.openSettings", argument: "andiron" },
  ];
  const items: { label: string; command: string; argument?: string }[] = [...(daemon.isThere ? there : gone), ...always];
  const picked = await vscode.window.showQuickPick(items, { placeHolder: daemon.trouble?.message ?? `Andiron is ${daemon.condition}` });
  if (picked) {
    await vscode.commands.executeCommand(picked.command, ...(picked.argument ? [picked.argument] : []));
  }
}

async function pause(daemon: Daemon): Promise<void> {
  const until = daemon.condition === "paused" ? null : new Date(Date.now() + HOUR_MILLISECONDS).toISOString();
  await daemon.client.json("PATCH", "/api/v1/settings", { completions_paused_until: until });
}

async function choose(daemon: Daemon, what: "backend" | "model"): Promise<void> {
  const { client, state } = daemon;
  const names = what === "backend" ? ["auto", ...(state?.backends ?? [])] : (state?.models ?? []);
  const current = what === "backend" ? state?.backend : state?.chat_model;
  const items = [...new Set(names)].map((label) => ({ label, ...(label === current ? { description: "now" } : {}) }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: what === "backend" ? "Who answers" : "Which model answers" });
  if (picked) {
    const change = what === "backend" ? { backend: picked.label } : { chat_model: picked.label, completion_model: picked.label };
    await client.json("PATCH", "/api/v1/settings", change);
  }
}

async function openPage(daemon: Daemon): Promise<void> {
  const link = await daemon.client.json<{ url: string }>("POST", "/api/v1/system/links", { page: "/ui" });
  await vscode.env.openExternal(vscode.Uri.parse(link.url, true));
}

async function copyReport(daemon: Daemon, activation: number): Promise<void> {
  const { condition, state, trouble } = daemon;
  const extension = vscode.extensions.getExtension("andiron.andiron");
  const report = {
    extension: (extension?.packageJSON as { version?: string } | undefined)?.version,
    editor: `${vscode.env.appName} ${vscode.version}`,
    host: vscode.env.remoteName ?? "local",
    platform: `${process.platform} ${process.arch}`,
    activation_milliseconds: activation,
    condition,
    trouble: trouble && { code: trouble.code, message: trouble.message, hint: trouble.hint },
    daemon: state,
  };
  await vscode.env.clipboard.writeText(JSON.stringify(report, undefined, 2));
  void vscode.window.setStatusBarMessage("Andiron: the report is on the clipboard; it holds no code and no token.", 6_000);
}
