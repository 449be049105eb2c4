/** An answer that is generated: its events in order, and the whole body at the end. */

import { type Client, CancelledError, DaemonError } from "./client";
import type { ErrorBody } from "./wire";

/** Who looks on while an answer is made. */
export interface Onlooker {
  started?(by: { readonly id: string; readonly backend: string; readonly model: string; readonly conversation_id?: string }): void;
  told?(text: string): void;
  known?(body: unknown): void;
}

/** Ask for an answer as events and return its body. */
export async function generate<Body>(
  client: Client,
  path: string,
  body: object,
  onlooker: Onlooker,
  signal?: AbortSignal,
): Promise<Body> {
  let whole: Body | undefined;
  let failure: DaemonError | undefined;
  const take = (name: string, data: unknown): void => {
    switch (name) {
      case "start":
        onlooker.started?.(data as Parameters<NonNullable<Onlooker["started"]>>[0]);
        break;
      case "delta":
        onlooker.told?.((data as { text: string }).text);
        break;
      case "static":
        onlooker.known?.(data);
        break;
      case "done":
        whole = data as Body;
        break;
      case "error": {
        const { error } = data as ErrorBody;
        failure = new DaemonError(error.code, error.message, error.hint ?? undefined, error.request_id);
      }
    }
  };
  await client.events("POST", path, { ...body, stream: true }, take, signal);
  if (signal?.aborted) {
    throw new CancelledError("cancelled");
  }
  if (failure) {
    throw failure;
  }
  if (whole === undefined) {
    throw new DaemonError("broken_stream", "the answer broke off half-way", "Ask again.");
  }
  return whole;
}
