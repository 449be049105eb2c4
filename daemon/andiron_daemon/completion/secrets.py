"""Files whose text never goes into a prompt: environments, keys, credentials."""

import functools
import re
from fnmatch import fnmatchcase

_NAMES = (
    ".env",
    ".env.*",
    "*.env",
    ".envrc",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    ".vault-token",
    "credentials",
    "credentials.*",
    "secrets",
    "secrets.*",
    "*.secrets.*",
    "client_secret*.json",
    "service-account*.json",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "*.asc",
    "*.gpg",
    "kubeconfig",
    "*.tfstate",
    "*.tfvars",
    "wp-config.php",
)
# Names that look like secrets and are made to be shared.
_HARMLESS = ("*.example", "*.sample", "*.template", "*.dist", "id_*.pub")
_FOLDERS = (".ssh", ".gnupg", ".aws", ".kube", ".azure")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----")
_CODE = re.compile(r"\.(py|js|ts|tsx|jsx|go|rs|java|kt|rb|cs|c|h|cpp|swift)$")


def is_secret(path: str, text: str = "") -> bool:
    """Tell whether a file is one that keeps secrets, by its name or by a private key in its text."""
    return bool(text and _PRIVATE_KEY.search(text)) or _has_secret_name(path)


@functools.lru_cache(maxsize=512)
def _has_secret_name(path: str) -> bool:
    parts = path.replace("\\", "/").lower().split("/")
    name = parts[-1]
    if any(folder in _FOLDERS for folder in parts[:-1]):
        return True
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS) or _CODE.search(name):
        return False
    return any(fnmatchcase(name, pattern) for pattern in _NAMES)
