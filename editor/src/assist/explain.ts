/** Explains code in a document beside it. */

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import type { Explanation } from "../wire";
import { ask, bodyOf, subject } from "./asking";

const SCHEME = "andiron-explanation";
const KEPT = 20;

/** Serves explanations as Markdown. The last ones are kept: the editor closes their documents while they are still shown. */
export class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  #texts = new Map<string, string>();
  #count = 0;
  readonly #registration: vscode.Disposable;

  constructor(private readonly daemon: Daemon) {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? "";
  }

  /** Explain what is marked, or the whole file. */
  async explain(range?: vscode.Range, question?: string): Promise<void> {
    const about = subject(range);
    const answer = about && (await ask<Explanation>(this.daemon, "explaining", "/api/v1/code/explain", { ...bodyOf(about), ...(question ? { question } : {}) }));
    if (!answer) {
      return;
    }
    this.#count += 1;
    this.#texts.set(String(this.#count), markdownOf(answer));
    this.#texts.delete(String(this.#count - KEPT));
    const uri = vscode.Uri.from({ scheme: SCHEME, path: "/Explanation.md", query: String(this.#count) });
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function markdownOf(answer: Explanation): string {
  const parts = [`# ${answer.summary || "Explanation"}`];
  if (answer.unavailable) {
    parts.push(`> ${[answer.unavailable.message, answer.unavailable.hint].filter(Boolean).join(". ")}`);
  }
  parts.push(answer.explanation);
  parts.push(...answer.sections.map(({ range, text }) => `**Lines ${range.start.line + 1}–${range.end.line + 1}** ${text}`));
  if (answer.model) {
    parts.push("---", `${answer.model} (${answer.backend})`);
  }
  return parts.filter(Boolean).join("\n\n");
}
