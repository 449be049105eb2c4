/** How an answer is shown: its Markdown, and the line below it. */

import vscode = require("vscode");

import type { ChatAnswer, Message } from "../wire";
import type { Turn } from "./messages";

/** Render Markdown by the editor's own extension; plain text where that is not there. The page cleans it. */
export async function rendered(markdown: string): Promise<string> {
  try {
    return (await vscode.commands.executeCommand<string>("markdown.api.render", markdown)) ?? escaped(markdown);
  } catch {
    return escaped(markdown);
  }
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return `<pre>${text.replaceAll(/[&<>]/g, (sign) => entities[sign]!)}</pre>`;
}

/** Say who answered, how fast, and what was cut or kept back. */
export function notesOf(answer: ChatAnswer): string[] {
  const { usage, timings, truncated } = answer;
  const notes = [`${answer.model} (${answer.backend})`];
  if (timings.generate_ms > 0) {
    notes.push(`${((1000 * usage.completion_tokens) / timings.generate_ms).toFixed(0)} tokens/s`);
  }
  if (answer.finish_reason === "length") {
    notes.push("cut at the longest answer allowed");
  }
  if (truncated) {
    notes.push(`left out: ${truncated.what} (${truncated.dropped_tokens} tokens)`);
  }
  notes.push(...answer.context_used.filter((use) => use.cut).map((use) => `${use.path} was cut to ${use.tokens} tokens`));
  if (answer.masked) {
    notes.push(`${answer.masked} secrets masked`);
  }
  if (answer.withheld?.length) {
    notes.push(`not sent: ${answer.withheld.join(", ")}`);
  }
  return notes;
}

/** Make what is shown of a message that was kept. */
export async function turnOf(message: Message): Promise<Turn> {
  return {
    role: message.role,
    html: message.role === "assistant" ? await rendered(message.content) : undefined,
    text: message.content,
    notes: message.model ? [`${message.model} (${message.backend})`] : [],
  };
}
