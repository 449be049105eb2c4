/**
 * The daemon as the editor sees it: found, followed, lost and found again; one message when it is gone, not a storm.
 *
 *     offline ──found──► starting ──first event──► ready ⇄ working     paused · failed · refused
 *        ▲                                            │
 *        └──────────── the stream of events ends ◄────┘   tried again after a while, at once when its run file changes
 */

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import vscode = require("vscode");

import { Client, DaemonError } from "./client";
import { findDaemon, isRunning, type Location, stateFolder, type Surroundings } from "./location";
import type { State } from "./wire";

export type Condition = "offline" | "starting" | "ready" | "working" | "paused" | "failed" | "refused";

const FIRST_RETRY_MILLISECONDS = 1_000;
const LONGEST_RETRY_MILLISECONDS = 30_000;
// The daemon takes a new token a moment after it has written it.
const SOON_MILLISECONDS = 250;
const CONDITIONS: ReadonlySet<string> = new Set<State["condition"]>(["ready", "loading", "generating", "failed"]);
/** Codes of a daemon, or of something else, that is there and does not work with us. */
const REFUSALS: ReadonlySet<string> = new Set(["unauthorized", "forbidden_host", "forbidden_origin", "not_andiron", "other_version", "wrong_url"]);

export class Daemon implements vscode.Disposable {
  #client: Client | undefined;
  #state: State | undefined;
  #condition: Condition = "offline";
  #trouble: DaemonError | undefined;
  #following: AbortController | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  #watcher: { readonly folder: string; readonly watch: fs.FSWatcher } | undefined;
  readonly #changed = new vscode.EventEmitter<Condition>();
  /** The condition, or what is known of the daemon, is another one. */
  readonly onDidChange = this.#changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  get condition(): Condition {
    return this.#condition;
  }

  /** What the daemon last told of itself. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Why it is offline, refused or failed. */
  get trouble(): DaemonError | undefined {
    return this.#trouble;
  }

  /** Whether requests make sense now: it has told how it is, so it knows us. */
  get isThere(): boolean {
    return this.#client !== undefined;
  }

  /** The way to the daemon; fails where there is none, with what to do about it. */
  get client(): Client {
    if (!this.#client) {
      throw this.#trouble ?? gone("Andiron is not running");
    }
    return this.#client;
  }

  /** Look for the daemon now, whatever was planned; an attempt that is under way gives way to this one. */
  async connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#following?.abort();
    const { signal } = (this.#following = new AbortController());
    const location = await findDaemon(settings(), surroundings());
    if (signal.aborted) {
      return;
    }
    this.#watch();
    if (location) {
      await this.#follow(location, signal);
    } else {
      this.#lost(gone("Andiron is not running"));
    }
  }

  /** Look again after a change of settings. */
  reconnect(): void {
    this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
    void this.connect();
  }

  dispose(): void {
    clearTimeout(this.#retry);
    this.#following?.abort();
    this.#watcher?.watch.close();
    this.#changed.dispose();
  }

  async #follow(location: Location, signal: AbortSignal): Promise<void> {
    const client: Client = new Client(location, undefined, ({ code }) => {
      if (code === "unauthorized" && this.#client === client) {
        this.reconnect(); // the token is another one by now
      }
    });
    let version: string | undefined;
    try {
      version = await client.version(signal);
      if (this.#condition === "offline") {
        this.#set("starting");
      }
      await client.events("GET", "/api/v1/events", undefined, (name, data) => this.#heard(client, name, data), signal);
      throw gone("the daemon has stopped");
    } catch (error) {
      if (!signal.aborted) {
        this.#lost(error instanceof DaemonError ? told(error, version) : new DaemonError("unreachable", String(error)));
      }
    }
  }

  #heard(client: Client, name: string, data: unknown): void {
    if (name === "pull") {
      const { id, state, message } = data as { id: string; state: string; message?: string | null };
      void vscode.window.showInformationMessage(state === "done" ? `Andiron: ${id} is here.` : `Andiron: the pull of ${id} ended: ${message ?? state}`);
    } else if (name === "budget") {
      const { message, hint } = data as { message: string; hint?: string | null };
      void vscode.window.showWarningMessage(`Andiron: ${message} ${hint ?? ""}`.trim());
    }
    if (name !== "state") {
      return;
    }
    this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
    const state = data as State;
    if (!CONDITIONS.has(state.condition)) {
      throw new DaemonError("other_version", `its condition ${JSON.stringify(state.condition)} is unknown`);
    }
    this.#client = client;
    this.#state = state;
    this.#trouble = state.condition === "failed" ? new DaemonError("backend_unavailable", state.detail ?? "the backend cannot answer", state.hint ?? undefined) : undefined;
    this.#set(conditionOf(state));
  }

  #lost(trouble: DaemonError): void {
    if (trouble.message !== this.#trouble?.message) {
      this.log.info(trouble.advice);
    }
    this.#client = undefined;
    this.#state = undefined;
    this.#trouble = trouble;
    this.#set(REFUSALS.has(trouble.code) ? "refused" : "offline");
    this.#retry = setTimeout(() => void this.connect(), this.#retryMilliseconds);
    this.#retryMilliseconds = Math.min(2 * this.#retryMilliseconds, LONGEST_RETRY_MILLISECONDS);
  }

  #set(condition: Condition): void {
    this.#condition = condition;
    this.#changed.fire(condition);
  }

  /** Look soon when the run file or the token is written; where the folder cannot be watched, the retries find it. */
  #watch(): void {
    const folder = stateFolder(settings().home, surroundings());
    if (this.#watcher?.folder === folder) {
      return;
    }
    this.#watcher?.watch.close();
    this.#watcher = undefined;
    try {
      const watch = fs.watch(folder, (_, file) => {
        if (file === "token" || (file === "run.json" && !this.isThere)) {
          clearTimeout(this.#retry);
          this.#retry = setTimeout(() => this.reconnect(), SOON_MILLISECONDS);
        }
      });
      watch.on("error", () => (this.#watcher = undefined));
      this.#watcher = { folder, watch };
    } catch {
      // It is not there before the daemon was started for the first time.
    }
  }
}

function gone(message: string): DaemonError {
  return new DaemonError("unreachable", message, "Start it: andiron serve --detach");
}

function conditionOf(state: State): Condition {
  if (state.condition === "failed") {
    return "failed";
  }
  if (state.completions_paused_until && Date.parse(state.completions_paused_until) > Date.now()) {
    return "paused";
  }
  return state.condition === "generating" ? "working" : state.condition === "loading" ? "starting" : "ready";
}

/** A daemon without the stream of events, or with another one, has another API than this extension. */
function told(error: DaemonError, version: string | undefined): DaemonError {
  return ["not_found", "other_version"].includes(error.code)
    ? new DaemonError("other_version", `the daemon ${version ?? ""} has another API than this extension`, "Update the older of the two.")
    : error;
}

function settings(): { url: string; token: string; home: string } {
  const told = vscode.workspace.getConfiguration("andiron");
  return { url: told.get("url", "").trim(), token: told.get("token", "").trim(), home: told.get("home", "").trim() };
}

/** Name the file the daemon writes its log to, on the machine it runs on. */
export function logFile(): string {
  return path.join(stateFolder(settings().home, surroundings()), "andiron.log");
}

function surroundings(): Surroundings {
  // Inside Flatpak the processes outside are not to be seen.
  const isShutIn = fs.existsSync("/.flatpak-info");
  return { environment: process.env, platform: process.platform, home: os.homedir(), isRunning: (pid) => isShutIn || isRunning(pid) };
}
