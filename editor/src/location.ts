/**
 * Where the daemon is and how it knows us: the settings, else its run file and its token file.
 *
 * The same folders as `andiron_daemon/paths.py`; knows nothing of the editor, so that it can be tested alone.
 */

import { readFile } from "node:fs/promises";
import * as path from "node:path";

/** How to reach the daemon. */
export interface Location {
  readonly url: string;
  readonly token: string;
}

/** What the settings say; empty where they say nothing. */
export interface Told {
  readonly url: string;
  readonly token: string;
  readonly home: string;
}

/** Of the process: its environment, its platform, the home folder, and what it can see of other processes. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  isRunning(pid: number): boolean;
}

/** Name the folder that holds `run.json` and `token`. */
export function stateFolder(told: string, { environment, platform, home }: Surroundings): string {
  const root = told || environment["ANDIRON_HOME"];
  if (root) {
    return path.join(root.replace(/^~(?=$|[/\\])/, home), "state");
  }
  switch (platform) {
    case "win32":
      return path.join(environment["LOCALAPPDATA"] ?? path.join(home, "AppData", "Local"), "andiron");
    case "darwin":
      return path.join(home, "Library", "Application Support", "andiron");
    default:
      return path.join(environment["XDG_STATE_HOME"] || path.join(home, ".local", "state"), "andiron");
  }
}

/** Find the daemon; undefined where nothing says where it is. What the settings say goes before what the files say. */
export async function findDaemon(told: Told, surroundings: Surroundings): Promise<Location | undefined> {
  const folder = stateFolder(told.home, surroundings);
  const record = await readRunFile(path.join(folder, "run.json"), surroundings);
  const url = told.url || record?.url;
  if (!url) {
    return undefined;
  }
  const isOwn = !told.url || isHere(told.url);
  const known = isOwn ? surroundings.environment["ANDIRON_TOKEN"] || (await readToken(record, folder)) : "";
  return { url: url.replace(/\/+$/, ""), token: told.token || known };
}

/** Tell whether there is a process, anybody's, as far as this one can see. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Tell whether an address is on this machine: the token found here is for nobody else. */
export function isHere(url: string): boolean {
  try {
    const { hostname } = new URL(url);
    return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  } catch {
    return false;
  }
}

interface RunRecord {
  readonly url: string;
  readonly tokenPath: string | undefined;
}

/** Read it, unless a daemon that was killed left it behind: on its port may be somebody who is not to see the token. */
async function readRunFile(file: string, { isRunning }: Surroundings): Promise<RunRecord | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) {
    return undefined;
  }
  try {
    const record = JSON.parse(text) as Record<string, unknown>;
    const { url, token_path: tokenPath, pid } = record;
    if (typeof pid === "number" && !isRunning(pid)) {
      return undefined;
    }
    return typeof url === "string" ? { url, tokenPath: typeof tokenPath === "string" ? tokenPath : undefined } : undefined;
  } catch {
    return undefined; // half written: the daemon is just starting, and it is looked at again
  }
}

async function readToken(record: RunRecord | undefined, folder: string): Promise<string> {
  const text = await readIfThere(record?.tokenPath ?? path.join(folder, "token"));
  return text?.trim() ?? "";
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}
