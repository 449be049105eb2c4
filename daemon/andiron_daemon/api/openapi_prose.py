"""What the description of the API says in words."""

from andiron_daemon.api.route import Route

ABOUT = """\
JSON in and out, UTF-8. Unknown fields of a request are ignored; of a field that comes twice the last counts.
Positions are zero-based lines and characters in UTF-16 code units, ranges are half-open.

Every generated answer names its `backend` and `model`, says why it ended, counts its tokens and its time, and tells
what was cut where something was. `backend` chooses who answers (`local`, `openai`, `auto`, a plug-in's name), `model`
which model; a name that is not there is an error, never another one quietly.

A failure is always `{"error": {"code", "message", "hint"?, "details"?, "request_id"}}`. Every answer carries
`X-Request-Id`, which the log knows too.

A web page may call from an origin of this daemon's own, of an editor's webview or a desktop app (`app://`), or one in
`BACKEND_CORS_ORIGINS`; all others are refused, whatever they ask. Bodies are JSON with
`Content-Type: application/json`, not packed.
"""
ABOUT_TOKENS = (
    "`andiron token --show` prints it. It is in a file that only you can read; `andiron token rotate` puts a new one "
    "in force at once. A browser is signed in by `andiron open`, without ever seeing it."
)
WEBSOCKET = """\
Many requests at once over one socket. A client sends text frames `{"type", "id", "message", "context", "stream"}`:
`type` is `chat`, `code_analysis`, `completion`, `ping` or `cancel`; `message` is the chat's text, the code to analyse
or the prefix; `context` carries the other fields of the HTTP body of that kind; `cancel` names the request's `id`.
The daemon answers `{"type": "chat_response"|"analysis_response"|"completion_response"|"pong"|"error", "id", "response",
"status": "success"|"error"|"cancelled", …}` with the HTTP body's other fields; with `stream` first any number of
`{"type": "chat_delta"|"completion_delta", "id", "delta", "status": "streaming"}`.
What is cancelled is answered with the text so far and who wrote it; what a chat cost until then is in its conversation.
A malformed frame is answered with an `error` and leaves the socket open; one over 1 MiB closes it (1009). The socket
is closed with 1001 when the daemon stops and with 1008 when the token is changed. A browser shows its token as the
protocol `bearer.TOKEN` beside `andiron`, or is signed in."""
TAGS = {
    "system": "The daemon itself.",
    "chat": "Messages, their answers, and the conversations they make.",
    "code": "Completion and other work on code.",
    "models": "The models that are here, and those that can be had.",
    "OpenAI": "As OpenAI's API, for clients that speak that.",
    "llama.cpp": "As llama.cpp's server, for clients that speak that.",
    "Ollama": "As Ollama's API, for clients that speak that.",
    "Tabby": "As Tabby's server, for clients that speak that.",
}
_OWN = "/api/v1/"


def tag_of(route: Route) -> str:
    """Say under which heading a route stands."""
    if route.tag in TAGS:
        return route.tag
    word = route.path.removeprefix(_OWN).partition("/")[0] if route.path.startswith(_OWN) else ""
    return word if word in TAGS else "system"
