"""What a secret looks like: one row a kind, for `mask` to look for in what is to be sent.

The shapes of providers' keys follow the public rules of gitleaks (MIT). detect-secrets was measured and left: it
takes half a millisecond a line, which is a quarter of a second for each keystroke's prompt, knows fewer of today's
keys, and finds a private key's first line only. A row's `needles` are looked for first, because that is a hundred
times as fast as its pattern; where a pattern has a group, the group is the secret.
"""

import re

import msgspec

_KEY_BODY = r"(?:[\s\d|\\n\"'+,]*[A-Za-z0-9+/=]{16,}[\\n\"'+,]*)"
# Words by which people name what must stay secret; what stands behind them decides (see `is_made_up`).
_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key|"
    r"signing[_-]?key|encryption[_-]?key|credentials?|client[_-]?secret|dsn"
)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of secret; where `is_guess`, the name suggests it and the value has to look like one."""

    name: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    is_guess: bool = False


def _rule(name: str, needles: tuple[str, ...], pattern: str, *, is_guess: bool = False, flags: int = 0) -> Rule:
    return Rule(name=name, needles=needles, pattern=re.compile(pattern, flags), is_guess=is_guess)


RULES = (
    _rule(
        "private key",
        ("private key",),
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        rf"(?:(?:(?!-----BEGIN ).){{0,20000}}?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|{_KEY_BODY}*)"
        rf"|{_KEY_BODY}+\s*[\d| ]*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
        flags=re.DOTALL,
    ),
    _rule("AWS key id", ("akia", "asia", "abia", "acca"), r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _rule("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{30,255}\b"),
    _rule("GitHub fine-grained token", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{30,255}\b"),
    _rule("GitLab token", ("glpat-", "gldt-", "glrt-"), r"\bgl(?:pat|dt|rt)-[\w-]{20,}"),
    _rule("Slack token", ("xox", "xapp-"), r"\b(?:xox[abeoprs]|xapp)-[\w-]{10,}"),
    _rule("Slack webhook", ("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows)/([\w/+-]{20,})"),
    _rule("Stripe key", ("k_live_", "k_test_"), r"\b[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    _rule("OpenAI or Anthropic key", ("sk-",), r"\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{16,}"),
    _rule("Google API key", ("aiza",), r"\bAIza[\w-]{30,}"),
    _rule("Google OAuth secret", ("gocspx-",), r"\bGOCSPX-[\w-]{20,}"),
    _rule("Google access token", ("ya29.",), r"\bya29\.[\w-]{20,}"),
    _rule("Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}\b"),
    _rule("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    _rule("PyPI token", ("pypi-ageichlwas5vcmc",), r"\bpypi-AgEIcHlwaS5vcmc[\w-]{40,}"),
    _rule("SendGrid key", ("sg.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    _rule("Twilio key", ("sk",), r"\bSK[0-9a-f]{32}\b"),
    _rule("DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    _rule("Telegram bot token", (":aa",), r"\b\d{8,10}:AA[\w-]{33}\b"),
    _rule("Azure storage key", ("accountkey=",), r"AccountKey=([A-Za-z0-9+/=]{40,})"),
    _rule("JSON web token", ("eyj",), r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    _rule(
        "authorization header",
        ("bearer ", "basic "),
        r"(?:bearer|basic)\s+((?=[\w.~+/-]*\d)[A-Za-z0-9._~+/-]{16,}=*)",
        flags=re.IGNORECASE,
    ),
    _rule(
        "password in an address",
        ("://",),
        r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>]{0,80}:([^\s/@'\"<>{}$]{3,100})@",
        flags=re.IGNORECASE,
    ),
    _rule(
        "named secret",
        ("pass", "pwd", "secret", "token", "key", "credential", "dsn"),
        rf"(?P<name>\b[\w.-]{{0,40}}(?:{_NAMES})[\w-]{{0,20}})[\"'\]]{{0,2}}\s{{0,3}}(?::=|=>|==?|:)\s{{0,3}}[rbuf]?"
        r"([\"'`])(?P<value>[^\"'`\s]{4,200})(?:\2|$)",
        is_guess=True,
        flags=re.IGNORECASE | re.MULTILINE,
    ),
    _rule(
        "line of an environment file",
        ("pass", "pwd", "secret", "token", "key", "credential", "dsn"),
        rf"^[\s\d|]{{0,12}}(?:export\s+)?(?P<name>[A-Z0-9_]{{0,40}}(?:{_NAMES.upper()})[A-Z0-9_]{{0,20}})"
        r"\s?[=:]\s?(?P<value>[^\s\"'#$(){}\[\]<>;,]{6,200})\s*$",
        is_guess=True,
        flags=re.MULTILINE,
    ),
    _rule(
        "line of a YAML or INI file",
        ("pass", "pwd", "secret", "token", "key", "credential"),
        rf"^[\s\d|-]{{0,40}}(?P<name>[a-z0-9_.-]{{0,40}}(?:{_NAMES})[a-z0-9_-]{{0,20}})"
        r"(?::[ \t]+|[ \t]*=[ \t]*)(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[^\s\"'#$(){}\[\]<>;,.]{8,200})\s*$",
        is_guess=True,
        flags=re.MULTILINE,
    ),
)

_PASSWORD_NAME = re.compile(r"(?i)pass|pwd")
_PLACEHOLDER = re.compile(
    r"(?i)example|change.?me|your[_-]|placeholder|dummy|redacted|xxx|\*\*\*|\.\.\.|<|>|\{|\}|^\$|%\(|^none$|^null$"
)
_WORDS = re.compile(r"[A-Za-z]+(?:[_\-./: ][A-Za-z]+)*\Z")


def is_made_up(name: str, value: str) -> bool:
    """Tell whether a value behind a telling name is likely a secret, not a word or a placeholder.

    `token = "access_token"` names a field; `token = "f83k2ls9"` is one. Of a password any word will do, unless
    it is a password's name again.
    """
    if _PLACEHOLDER.search(value) or "://" in value or value.startswith("urn:"):
        return False
    if value.isdigit() and not _PASSWORD_NAME.search(name):
        return False
    if _WORDS.match(value):
        is_password = _PASSWORD_NAME.search(name) is not None
        return is_password and len(value) >= 6 and not re.search(r"(?i)pass|pwd|secret|_|[./: ]", value)
    return any(letter.isdigit() for letter in value) or len(value) >= 16
