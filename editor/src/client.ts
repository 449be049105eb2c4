/**
 * Requests to the daemon: JSON and event streams over node's own HTTP.
 *
 * A signal that aborts closes the connection, and with it the work in the daemon. What is for this machine goes
 * through no proxy, whatever the editor's settings and the environment say.
 */

import * as http from "node:http";
import * as https from "node:https";
import { urlToHttpOptions } from "node:url";

import { EventReader } from "./events";
import { isHere, type Location } from "./location";
import type { ErrorBody, Health } from "./wire";

/** The daemon said no, or could not be reached (`unreachable`), or broke off (`broken_stream`). */
export class DaemonError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
    readonly requestId?: string,
  ) {
    super(message);
  }

  /** What happened, and what to do about it. */
  get advice(): string {
    return [this.message, this.hint].filter(Boolean).join(". ");
  }
}

/** Tell a person of an error of any kind. */
export function describe(error: unknown): string {
  return error instanceof DaemonError ? error.advice : String(error);
}

/** Nobody wants the answer any more. */
export class CancelledError extends Error {}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly accept: string;
  readonly signal?: AbortSignal;
  readonly timeoutMilliseconds?: number;
}

// The daemon says something every ten seconds, if only that it is still there.
const LONGEST_SILENCE_MILLISECONDS = 45_000;
// Of an answer that comes in one piece nothing is heard before it is there.
const LONGEST_WAIT_MILLISECONDS = 120_000;
// Connections are kept, for less long than the daemon does: a keystroke should not wait for a handshake. Where
// `localhost` has two addresses, the daemon may listen at the second.
const AGENT = { keepAlive: true, timeout: 60_000, autoSelectFamily: true };
const agents = { http: new http.Agent(AGENT), https: new https.Agent(AGENT) };

/** One daemon at one place. */
export class Client {
  constructor(
    readonly location: Location,
    private readonly longestSilenceMilliseconds = LONGEST_SILENCE_MILLISECONDS,
    private readonly refused: (why: DaemonError) => void = () => undefined,
  ) {}

  /** Ask whether it is Andiron that is there, and which version. */
  async version(signal: AbortSignal): Promise<string> {
    const health = await this.json<Health | null>("GET", "/health", undefined, { signal, timeoutMilliseconds: 5_000 });
    if (typeof health?.version !== "string") {
      throw notAndiron("what answered there is not Andiron");
    }
    return health.version;
  }

  /** Ask for a body; undefined for an answer without one. */
  async json<Body>(
    method: Method,
    path: string,
    body?: unknown,
    options: { signal?: AbortSignal; timeoutMilliseconds?: number } = {},
  ): Promise<Body> {
    const response = await this.#send({ method, path, body, accept: "application/json", timeoutMilliseconds: LONGEST_WAIT_MILLISECONDS, ...options });
    const text = await wholeText(response, options.signal);
    return (text ? parsed(text) : undefined) as Body;
  }

  /** Ask for events, and hand each to `take` as it comes; returns when the stream has ended as it should. */
  async events(
    method: Method,
    path: string,
    body: unknown,
    take: (name: string, data: unknown) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const asked = { method, path, body, accept: "text/event-stream" } as const;
    const response = await this.#send(signal ? { ...asked, signal } : asked);
    response.setTimeout(this.longestSilenceMilliseconds, () => response.destroy(new Error("nothing was heard any more")));
    const reader = new EventReader(take);
    try {
      for await (const piece of response) {
        reader.push(piece as Buffer);
      }
    } catch (error) {
      throw brokenOff(error, signal);
    }
    if (signal?.aborted) {
      throw new CancelledError("cancelled");
    }
  }

  async #send(asked: Asked): Promise<http.IncomingMessage> {
    const url = addressOf(this.location.url, asked.path);
    const isSecure = url.protocol === "https:";
    const data = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body));
    const headers: http.OutgoingHttpHeaders = { Accept: asked.accept, "User-Agent": "andiron-editor" };
    if (this.location.token) {
      headers["Authorization"] = `Bearer ${this.location.token}`;
    }
    if (data) {
      headers["Content-Type"] = "application/json";
      headers["Content-Length"] = data.length;
    }
    return new Promise((resolve, reject) => {
      const request = requestTo(url, {
        method: asked.method,
        headers,
        agent: isSecure ? agents.https : agents.http,
        ...(asked.signal ? { signal: asked.signal } : {}),
      });
      if (asked.timeoutMilliseconds) {
        request.setTimeout(asked.timeoutMilliseconds, () => request.destroy(new Error("it took too long")));
      }
      request.on("error", (error) => reject(asked.signal?.aborted ? new CancelledError("cancelled") : unreachable(error, url)));
      request.on("response", (response) => {
        if ((response.statusCode ?? 500) < 300) {
          resolve(response);
        } else {
          wholeText(response, asked.signal).then((text) => {
            const why = refusal(response.statusCode ?? 500, text);
            this.refused(why);
            reject(why);
          }, reject);
        }
      });
      request.end(data);
    });
  }
}

/** The editor puts its proxies into `request`; who makes the request themselves passes them by. */
function requestTo(url: URL, options: http.RequestOptions): http.ClientRequest {
  if (isHere(url.href)) {
    return new http.ClientRequest({ ...urlToHttpOptions(url), ...options });
  }
  return (url.protocol === "https:" ? https : http).request(url, options);
}

function addressOf(base: string, path: string): URL {
  try {
    const url = new URL(base + path);
    if (["http:", "https:"].includes(url.protocol)) {
      return url;
    }
  } catch {
    // Told below.
  }
  throw new DaemonError("wrong_url", `${JSON.stringify(base)} is not the address of a daemon`, "Look at the setting andiron.url: http://127.0.0.1:8000");
}

async function wholeText(response: http.IncomingMessage, signal?: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of response) {
      pieces.push(piece as Buffer);
    }
  } catch (error) {
    throw brokenOff(error, signal);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAndiron("what answered there is not Andiron");
  }
}

function refusal(status: number, text: string): DaemonError {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    if (typeof error.code === "string") {
      return new DaemonError(error.code, error.message, error.hint ?? undefined, error.request_id);
    }
  } catch {
    // Told below.
  }
  return notAndiron(`it answered with ${status}`);
}

function notAndiron(message: string): DaemonError {
  return new DaemonError("not_andiron", message, "Look at the setting andiron.url.");
}

function unreachable(error: NodeJS.ErrnoException, url: URL): DaemonError {
  // Where a name has several addresses, the error is of them all and has no message of its own.
  return new DaemonError("unreachable", `Andiron does not answer at ${url.origin}: ${error.message || error.code}`, "Start it: andiron serve --detach");
}

function brokenOff(error: unknown, signal?: AbortSignal): Error {
  if (signal?.aborted) {
    return new CancelledError("cancelled");
  }
  if (error instanceof DaemonError) {
    return error; // what was heard was not understood
  }
  return new DaemonError("broken_stream", "the answer broke off half-way", `Ask again. (${String(error)})`);
}
