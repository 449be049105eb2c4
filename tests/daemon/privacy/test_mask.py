"""Secrets out of what is sent, and back into what comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.privacy.mask import Mask, Restorer, find_secrets

PRIVATE_KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAxyzXYZ0123456789\nAbCdEfGhIjKlMnOpQrStUv==\n"
    "-----END RSA PRIVATE KEY-----"
)
GITHUB = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
SECRETS = {
    "AWS": ("key_id = AKIAIOSFODNN7EXAMPLQ", "AKIAIOSFODNN7EXAMPLQ"),
    "GitHub": (f"git clone https://{GITHUB}@host/x", GITHUB),
    "OpenAI": ('client = OpenAI(api_key="sk-proj-abcDEF0123456789abcdef")', "sk-proj-abcDEF0123456789abcdef"),
    "Anthropic": ("sk-ant-api03-abcdefghij0123456789", "sk-ant-api03-abcdefghij0123456789"),
    "Google": ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890abcdefghijklmnopqrstuv"),
    "Slack": ("xoxb-123456789012-abcdefGHIJKL", "xoxb-123456789012-abcdefGHIJKL"),
    "Stripe": ("stripe.key = sk_live_abcdefghij0123456789", "sk_live_abcdefghij0123456789"),
    "web token": (
        "x = eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4",
    ),
    "private key": (f"before\n{PRIVATE_KEY}\nafter", PRIVATE_KEY),
    "address": ("postgresql://app:s3cr3t-pw@db.internal:5432/app", "s3cr3t-pw"),
    "header": ('headers = {"Authorization": "Bearer abcdef0123456789XYZ"}', "abcdef0123456789XYZ"),
    "assignment": ('DB_PASSWORD = "hunter2"', "hunter2"),
    "password that is a word": ("password: 'correcthorse'", "correcthorse"),
    "dictionary": ('{"client_secret": "9f8e7d6c5b4a"}', "9f8e7d6c5b4a"),
    "environment": ("export API_TOKEN=f83kd02la91\n", "f83kd02la91"),
    "numbered line of a quoted file": ("12 | SECRET_KEY=f83kd02la91", "f83kd02la91"),
    "YAML": ("db:\n  password: hunter2secret\n", "hunter2secret"),
}
HARMLESS = (
    'token = "access_token"',
    "password: str",
    "def token(self) -> str:",
    "api_key = settings.api_key",
    'api_key = os.environ["OPENAI_API_KEY"]',
    'PASSWORD_FIELD = "password"',
    'secret_name = "database-secret"',
    "max_tokens = 2048",
    'token = "${TOKEN}"',
    'password = "<your password>"',
    "password = 'changeme'",
    'integrity = "sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "import task; task-manager-interface-something",
    "https://example.org:8080/path@1",
)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found(kind: str) -> None:
    text, secret = SECRETS[kind]
    assert secret in find_secrets(text)
    mask = Mask([text])
    assert secret not in mask.cover(text)
    assert mask.count >= 1
    assert mask.uncover(mask.cover(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_code_that_only_speaks_of_secrets_is_left_alone(text: str) -> None:
    assert find_secrets(text) == ()


def test_a_secret_has_one_placeholder_in_all_texts_of_a_request() -> None:
    first, second = 'PASSWORD = "hunter2"', "connect(hunter2)"
    mask = Mask([first, second])
    placeholder = mask.cover("hunter2")
    assert mask.count == 1
    assert placeholder in mask.cover(first)
    assert mask.cover(second) == f"connect({placeholder})"


def test_a_short_secret_is_masked_as_a_word_not_within_others() -> None:
    mask = Mask(['password = "admin7"', "administrator admin71 admin7"])
    assert mask.cover("admin71 and admin7") == f"admin71 and {mask.cover('admin7')}"


def test_known_values_are_masked_whatever_they_look_like() -> None:
    mask = Mask(["we said: plain words"], known=["plain words", "not there"])
    assert mask.count == 1
    assert "plain words" not in mask.cover("we said: plain words")


def test_a_secret_the_cursor_stands_in_is_masked_on_both_sides() -> None:
    before, after = 'API_KEY = "sk-proj-abcDEF0123', '456789abcdef"\nrest()'
    mask = Mask([before, after], seams=[(before, after)])
    assert "abcDEF0123" not in mask.cover(before)
    assert "456789abcdef" not in mask.cover(after)
    assert mask.cover(after).endswith("\nrest()")


def test_half_a_private_key_is_masked() -> None:
    head = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAxyzXYZ0123456789\n"
    tail = "MIIEowIBAAKCAQEAxyzXYZ0123456789\nAbCdEfGhIjKlMnOpQr==\n-----END PRIVATE KEY-----\ncode()"
    assert "MIIE" not in Mask([head]).cover(head)
    covered = Mask([tail]).cover(tail)
    assert "MIIE" not in covered
    assert covered.endswith("\ncode()")


def test_a_text_that_speaks_of_placeholders_gets_other_ones() -> None:
    text = 'x = ANDIRON_MASKED_1\npassword = "hunter2"'
    mask = Mask([text])
    assert mask.uncover(mask.cover(text)) == text
    assert mask.cover("hunter2") != "ANDIRON_MASKED_1"


@given(st.lists(st.integers(1, 30), min_size=1))
def test_an_answer_in_any_pieces_gets_its_secrets_back(lengths: list[int]) -> None:
    text = 'password = "hunter2" and token = "f83kd02la91" and ANDIRON_MASK'
    mask = Mask([text])
    covered = mask.cover(text)
    restorer = Restorer(mask)
    pieces, place = [], 0
    for length in lengths:
        pieces.append(restorer.feed(covered[place : place + length]))
        place += length
    pieces.append(restorer.feed(covered[place:]))
    pieces.append(restorer.rest())
    assert "".join(pieces) == text


@given(st.text(max_size=300))
def test_covering_and_uncovering_any_text_gives_it_back(text: str) -> None:
    mask = Mask([text, 'token = "f83kd02la91"'])
    assert mask.uncover(mask.cover(text)) == text


def test_a_long_hostile_text_is_looked_through_in_bounded_steps() -> None:
    for text in ("-----BEGIN PRIVATE KEY-----" * 2000, "password" * 20000, "a" * 200_000 + "=", '"' * 100_000):
        Mask([text])
