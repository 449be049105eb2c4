/** The item in the status bar: how the daemon is, and the menu behind it. */

import vscode = require("vscode");

import type { Condition, Daemon } from "./daemon";

const ICONS: Record<Condition, string> = {
  offline: "$(circle-slash)",
  starting: "$(loading~spin)",
  ready: "$(flame)",
  working: "$(sync~spin)",
  paused: "$(debug-pause)",
  failed: "$(warning)",
  refused: "$(lock)",
};

/** Make the item and keep it up to date. */
export function showStatus(daemon: Daemon): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("andiron.status", vscode.StatusBarAlignment.Right, 100);
  item.name = "Andiron";
  item.command = "andiron.showMenu";
  const update = (): void => {
    const model = whoAnswers(daemon);
    const word = ["ready", "working"].includes(daemon.condition) && model ? model : daemon.condition;
    item.text = `${ICONS[daemon.condition]} Andiron: ${word}`;
    item.tooltip = tooltip(daemon);
    item.accessibilityInformation = { label: `Andiron is ${daemon.condition}${model ? `, model ${model}` : ""}` };
    item.backgroundColor =
      daemon.condition === "failed" || daemon.condition === "refused"
        ? new vscode.ThemeColor("statusBarItem.warningBackground")
        : undefined;
  };
  update();
  item.show();
  return vscode.Disposable.from(item, daemon.onDidChange(update));
}

/** Name the model on this machine, or the backend where it is another one: a person sees at once when text leaves. */
function whoAnswers({ state }: Daemon): string | undefined {
  if (!state || state.backend !== "local") {
    return state?.backend;
  }
  return (state.answered_by === "local" ? state.model : undefined) ?? state.completion_model ?? undefined;
}

function tooltip(daemon: Daemon): string {
  const { state, trouble } = daemon;
  const lines = [`Andiron is ${daemon.condition}`];
  if (trouble) {
    lines.push(trouble.message, ...(trouble.hint ? [trouble.hint] : []));
  }
  if (state) {
    lines.push(`Who answers: ${state.backend}`);
    if (state.answered_by && state.model) {
      const speed = state.tokens_per_second ? `, ${state.tokens_per_second.toFixed(0)} tokens a second` : "";
      lines.push(`Last answer: ${state.model} (${state.answered_by})${speed}`);
    }
  }
  return lines.join("\n");
}
