"""What counts as a secret that was written down."""

import pytest

from andiron_daemon.analysis.rules.secrets import looks_secret


@pytest.mark.parametrize("literal", ['"hR7-kq92Lm!x"', "'9f8b2c7d1e4a6f30b5c8'", "p4ssPhr4se99", '"s3cr-K92jdq81"'])
def test_what_nobody_could_guess_is_a_secret(literal: str) -> None:
    assert looks_secret(literal)


@pytest.mark.parametrize(
    "literal",
    [
        '""',
        '"short1"',
        '"change-me-please-1"',
        '"<your password 1>"',
        '"${DB_PASSWORD_1}"',
        '"https://example.org/a1"',
        '"/etc/ssl/private1.pem"',
        '"user.profile.name"',
        '"Enter 2 words, please"',
        '"aaaaaaaa1111"',
        '"correcthorsebattery"',
        '"2024-01-31"',
        '"' + "k9" * 200 + '"',
    ],
)
def test_a_word_a_placeholder_or_a_reference_is_none(literal: str) -> None:
    assert not looks_secret(literal)
