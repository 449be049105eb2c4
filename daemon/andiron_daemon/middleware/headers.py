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
# Extended by all at once, which is quicker than one by one; nobody else sets these.
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_HEADERS_OF_THE_MOMENT = (*_HEADERS, (hdrs.CACHE_CONTROL, "no-store"))
_PAGE_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # The Referer tells this daemon that one of its own pages asks; nobody else is told anything.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def show_protection(request: web.Request, response: web.StreamResponse) -> None:
    """Put them on the way out; what stands there already stays."""
    headers = response.headers
    headers[hdrs.SERVER] = "Andiron"
    headers.extend(_HEADERS if hdrs.CACHE_CONTROL in headers else _HEADERS_OF_THE_MOMENT)
    if headers.get(hdrs.CONTENT_TYPE, "").startswith("text/html"):
        headers.update(_PAGE_HEADERS)
