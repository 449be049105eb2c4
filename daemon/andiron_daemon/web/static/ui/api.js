// Requests to the daemon this page came from; the session's cookie goes along by itself.

/** The daemon said no, or is not there; `code` is the API's word for it. */
export class ApiError extends Error {
  constructor({ code = "internal", message, hint, details, request_id: requestId }) {
    super(message);
    Object.assign(this, { code, hint, details: details ?? {}, requestId });
  }

  /** Say it to a person. */
  get told() {
    return sentences(this.message, this.hint);
  }
}

/** Join what was said and what to do. */
export function sentences(...parts) {
  return parts.filter(Boolean).map((part) => part.replace(/[.\s]+$/, "")).join(". ");
}

/** Ask for a body; null for an answer without one. */
export async function ask(method, path, body, signal) {
  const response = await send(method, path, body, signal, "application/json");
  return response.status === 204 ? null : response.json();
}

/** Ask for events; yields `{name, data}` and ends with the stream; the event `error` is thrown. */
export async function* events(method, path, body, signal) {
  const response = await send(method, path, body, signal, "text/event-stream");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await read(reader, signal);
      if (done) return;
      rest += value;
      const whole = rest.split(/\r?\n\r?\n/);
      rest = whole.pop();
      for (const text of whole) {
        const event = readEvent(text);
        if (event?.name === "error") throw new ApiError(event.data.error);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function read(reader, signal) {
  try {
    return await reader.read();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ code: "broken_stream", message: "The connection broke off", hint: "Ask again once the daemon runs" });
  }
}

function readEvent(text) {
  let name = "message";
  const data = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}

async function send(method, path, body, signal, accept) {
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ code: "unreachable", message: "The daemon does not answer", hint: "Start it: andiron serve --detach" });
  }
  if (response.ok) return response;
  let error = {};
  try {
    ({ error } = await response.json());
  } catch {
    // Not one of the API's own answers; the status has to do.
  }
  if (response.status === 401) {
    dispatchEvent(new Event("signedout"));
    Object.assign(error, { message: "This browser is not signed in any more", hint: "Run andiron open ui in a terminal; what you wrote stays here" });
  }
  throw new ApiError({ message: `It answered with ${response.status}`, ...error });
}
