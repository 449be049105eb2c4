"""What every answer says to a browser: guess no types, keep nothing, give it to no other site, run nothing foreign."""

from aiohttp import hdrs, web

_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A name of this kind is looked up as it is; a plain one is put into small letters each time.
header_name = type(hdrs.SERVER)
SERVER = "Andiron"
# Extended by all at once, which is quicker than one by one; nobody else sets these.
_HEADERS = (
    (header_name("X-Content-Type-Options"), "nosniff"),
    (header_name("Cross-Origin-Resource-Policy"), "same-origin"),
)
_HEADERS_OF_THE_MOMENT = (*_HEADERS, (hdrs.CACHE_CONTROL, "no-store"))
# For the answers there are most of: in aiohttp's own type they are one copy, and nothing is left to add.
JSON_HEADERS = web.Response(
    headers=((hdrs.CONTENT_TYPE, "application/json"), (hdrs.SERVER, SERVER), *_HEADERS_OF_THE_MOMENT)
).headers
_PAGE_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # The Referer tells this daemon that one of its own pages asks; nobody else is told anything.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def show_protection(response: web.StreamResponse) -> None:
    """Put them on the way out; what stands there already stays."""
    headers = response.headers
    headers[hdrs.SERVER] = SERVER
    headers.extend(_HEADERS if hdrs.CACHE_CONTROL in headers else _HEADERS_OF_THE_MOMENT)
    if headers.get(hdrs.CONTENT_TYPE, "").startswith("text/html"):
        headers.update(_PAGE_HEADERS)
