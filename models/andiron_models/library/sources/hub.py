"""A model from the Hugging Face hub, with its own client: mirrors by HF_ENDPOINT, tokens, offline mode.

`hf_hub_download` forgets what it had when it is interrupted (since 2.0 its temporary file has a new name every
time), so its two halves are used: the metadata request, and the downloader that can resume.
"""

from urllib.parse import urlsplit

from andiron_models.library.catalogue import HubSource
from andiron_models.library.errors import SourceError
from andiron_models.library.part import Part
from andiron_models.library.sources.http import (
    CONNECT_TIMEOUT_SECONDS,
    download,
    http_failures_as_source_errors,
    quiet_hub_client,
)


def fetch_hub(source: HubSource, file: str, sha256: str | None, part: Part) -> None:
    """Fetch the file of one revision; a hub that states another checksum is refused before a byte is fetched.

    Raises:
        SourceError: the hub cannot be reached, does not have the file, or asks for a token.
    """
    quiet_hub_client()
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import FileMetadataError
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # public, but exported lazily

    what = f"{source.repository}/{file} on the hub"
    with http_failures_as_source_errors(what):
        url = hf_hub_url(source.repository, file, revision=source.revision)
        headers = build_hf_headers(library_name="andiron")
        try:
            metadata = get_hf_file_metadata(url, timeout=CONNECT_TIMEOUT_SECONDS, headers=headers)
        except FileMetadataError as error:
            raise SourceError(f"{what}: {error}") from error
        if sha256 and metadata.etag and len(metadata.etag) == 64 and metadata.etag != sha256:
            raise SourceError(f"{what} has the checksum {metadata.etag}, expected was {sha256}")
        if urlsplit(metadata.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)  # a storage host gets a signed address, never the token
        download(metadata.location, headers, part, version=metadata.etag, size_bytes=metadata.size)
