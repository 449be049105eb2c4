/** The conversations there were, in a list; typing searches in all that was said. */

import vscode = require("vscode");

import type { Daemon } from "../daemon";
import type { ConversationSummary } from "../wire";

const REST_MILLISECONDS = 150;
const MOST = 50;

interface Listener {
  readonly daemon: Daemon;
  chosen(id: string): Promise<void>;
  deleted(id: string): Promise<void>;
  failed(error: unknown): void;
}

type Item = vscode.QuickPickItem & { readonly id: string };

/** Show the list, until a conversation was chosen or it was left. */
export async function showHistory(listener: Listener): Promise<void> {
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = "Andiron: Conversations";
  pick.placeholder = "Search in all that was said";
  let timer: NodeJS.Timeout | undefined;
  pick.onDidChangeValue(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void fill(pick, listener), REST_MILLISECONDS);
  });
  pick.onDidTriggerItemButton(({ item }) => void forget(item, listener));
  pick.onDidAccept(() => {
    const [chosen] = pick.selectedItems;
    pick.hide();
    if (chosen) {
      void listener.chosen(chosen.id);
    }
  });
  pick.onDidHide(() => {
    clearTimeout(timer);
    pick.dispose();
  });
  pick.show();
  await fill(pick, listener);
}

async function fill(pick: vscode.QuickPick<Item>, { daemon, failed }: Listener): Promise<void> {
  pick.busy = true;
  const query = pick.value.trim();
  const parameters = new URLSearchParams({ limit: String(MOST), ...(query ? { q: query } : {}) });
  try {
    const page = await daemon.client.json<{ conversations: ConversationSummary[] }>("GET", `/api/v1/chat/conversations?${parameters}`);
    if (pick.value.trim() === query) {
      pick.items = page.conversations.map(itemOf);
    }
  } catch (error) {
    failed(error);
  }
  pick.busy = false;
}

async function forget(item: Item, listener: Listener): Promise<void> {
  const answer = await vscode.window.showWarningMessage(`Delete the conversation “${item.label}”?`, { modal: true }, "Delete");
  if (answer === "Delete") {
    try {
      await listener.daemon.client.json("DELETE", `/api/v1/chat/conversations/${encodeURIComponent(item.id)}`);
      await listener.deleted(item.id);
    } catch (error) {
      listener.failed(error);
    }
  }
  await showHistory(listener); // the question has closed the list
}

function itemOf(one: ConversationSummary): Item {
  return {
    id: one.id,
    label: one.title,
    description: new Date(one.updated_at).toLocaleString(),
    detail: (one.snippet ?? one.preview).replaceAll(/<\/?mark>/g, ""),
    alwaysShow: true,
    buttons: [{ iconPath: new vscode.ThemeIcon("trash"), tooltip: "Delete" }],
  };
}
