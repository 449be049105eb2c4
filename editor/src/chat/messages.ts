/** What the chat's page and the extension tell each other. */

export interface ShownChip {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
}

export interface Turn {
  readonly role: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly notes: readonly string[];
}

export type ChipKind = "file" | "selection" | "diagnostics";
export type BlockAction = "insert" | "replace" | "copy" | "newFile" | "diff";

export type FromPage =
  | { type: "ready" }
  | { type: "drawn" }
  | { type: "ask"; text: string }
  | { type: "regenerate" }
  | { type: "stop" }
  | { type: "addChip"; kind: ChipKind }
  | { type: "removeChip"; id: string }
  | { type: "block"; action: BlockAction; code: string; language: string }
  | { type: "open"; command: "andiron.start" | "andiron.showLog" };

export type ToPage =
  | { type: "condition"; condition: string; detail: string }
  | { type: "chips"; chips: readonly ShownChip[] }
  | { type: "conversation"; title: string; turns: readonly Turn[] }
  | { type: "cleared" }
  | { type: "focus" }
  | { type: "asked"; text?: string }
  | { type: "started"; by: string }
  | { type: "growing"; html: string }
  | { type: "answered"; html: string; notes: readonly string[] }
  | { type: "brokeOff"; html: string; trouble: string; isStopped: boolean; unasked?: string }
  | { type: "trouble"; trouble: string };
