"""A model from a plain HTTP or HTTPS address, with huggingface_hub's resuming downloader."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from andiron_models.library.catalogue import HttpSource
from andiron_models.library.errors import SourceError
from andiron_models.library.part import Part

CONNECT_TIMEOUT_SECONDS = 5.0


def fetch_http(source: HttpSource, part: Part) -> None:
    """Fetch the file, from where an earlier pull stopped as long as the server still has the same one.

    Raises:
        SourceError: the server cannot be reached or does not have it.
    """
    quiet_hub_client()
    from huggingface_hub import get_session

    with http_failures_as_source_errors(source.url):
        response = get_session().head(source.url, follow_redirects=True, timeout=CONNECT_TIMEOUT_SECONDS)
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        size_bytes = int(length) if length.isdecimal() else None
        download(source.url, {}, part, version=response.headers.get("ETag"), size_bytes=size_bytes)


def download(url: str, headers: dict[str, str], part: Part, *, version: str | None, size_bytes: int | None) -> None:
    """Append what is missing of `url`; begin again when `version` is not that of the bytes at hand.

    Raises:
        SourceError: the server announces another size than the catalogue.
    """
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined] # public, but exported lazily

    if None not in (size_bytes, part.total_bytes) and size_bytes != part.total_bytes:
        raise SourceError(f"{url} has {size_bytes} bytes, expected were {part.total_bytes}")
    part.total_bytes = part.total_bytes or size_bytes
    version_file = part.path.with_suffix(".version")
    # Without a strong version or a length nothing tells whether what is missing continues what is here.
    can_resume = version and not version.startswith("W/") and part.total_bytes and version_file.exists()
    if not can_resume or version_file.read_text(encoding="utf-8") != version:
        part.truncate(0)
        version_file.write_text(version or "", encoding="utf-8")
    part.tell_progress()
    disable_progress_bars("huggingface_hub.http_get")
    http_get(
        url,
        cast("Any", part),
        resume_size=part.size_bytes,
        headers={**headers, "Accept-Encoding": "identity"},
        expected_size=part.total_bytes,
    )


def quiet_hub_client() -> None:
    """Have the hub's client tell nothing of this machine beside what it asks for; call it before importing it."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@contextmanager
def http_failures_as_source_errors(what: str) -> Iterator[None]:
    """Turn what huggingface_hub and its HTTP client raise into SourceError."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SourceError(f"{what}: HF_HUB_OFFLINE is set", hint="Unset it to download.") from error
    except httpx2.HTTPStatusError as error:
        raise SourceError(f"{what}: the server answers {error.response.status_code}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceError(f"{what} cannot be reached: {error}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{what}: {error}") from error
