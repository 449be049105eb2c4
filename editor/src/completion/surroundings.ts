/** What stands around the cursor: of the document, and of the other cells where it is one of a notebook's. */

import vscode = require("vscode");

import { linesOf } from "../documents";
import { textBefore, textBehind } from "./gap";

const BETWEEN_CELLS = "\n\n";

export interface Around {
  readonly prefix: string;
  readonly suffix: string;
  /** Where the suggestion goes, and what it takes the place of. */
  readonly range: vscode.Range;
  /** What the list of suggestions has selected; ghost text has to go on from it. */
  readonly chosen: string;
}

/** Look around a place in a document. What is selected in the list of suggestions counts as typed. */
export function around(document: vscode.TextDocument, position: vscode.Position, selected?: vscode.SelectedCompletionInfo): Around {
  const range = selected?.range ?? new vscode.Range(position, position);
  const chosen = selected?.text ?? "";
  const lines = linesOf(document);
  const { before, behind } = otherCells(document);
  return {
    prefix: before + textBefore(lines, range.start) + chosen,
    suffix: textBehind(lines, range.end) + behind,
    range,
    chosen,
  };
}

/** Return the code of a notebook's cells before and behind one, in the same language. */
function otherCells(document: vscode.TextDocument): { before: string; behind: string } {
  const notebook = vscode.workspace.notebookDocuments.find((one) => one.getCells().some((cell) => cell.document === document));
  const cells = (notebook?.getCells() ?? []).filter((cell) => cell.document.languageId === document.languageId).map((cell) => cell.document);
  const own = cells.indexOf(document);
  const before = cells.slice(0, Math.max(own, 0)).map((cell) => cell.getText() + BETWEEN_CELLS);
  const behind = cells.slice(own + 1).map((cell) => BETWEEN_CELLS + cell.getText());
  return { before: before.join(""), behind: behind.join("") };
}
