"""Gaps found in prompts made for one model or another."""

import pytest

from andiron_daemon.api.dialects.fim_prompt import FimPrompt, parse_fim_prompt
from andiron_models.types import ExtraFile


@pytest.mark.parametrize(
    "prompt",
    [
        "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
        "<fim_prefix>before<fim_suffix>after<fim_middle>",
        "<fim-prefix>before<fim-suffix>after<fim-middle>",
        "<\uff5cfim\u2581begin\uff5c>before<\uff5cfim\u2581hole\uff5c>after<\uff5cfim\u2581end\uff5c>",
        "<PRE> before <SUF>after <MID>",
        "[SUFFIX]after[PREFIX]before",
        "<|fim_suffix|>after<|fim_prefix|>before<|fim_middle|>",
        "<|fim_prefix|><|fim_suffix|>after<|fim_middle|>before",
    ],
)
def test_every_familys_prompt_is_the_same_gap(prompt: str) -> None:
    assert parse_fim_prompt(prompt) == FimPrompt("before", "after")


def test_other_files_before_the_gap_are_its_context() -> None:
    prompt = (
        "<|repo_name|>shop\n<|file_sep|>price.py\nVAT = 1.2\n<|file_sep|>shop.py\n"
        "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"
    )
    found = parse_fim_prompt(prompt)
    assert found == FimPrompt("x = ", "\n", "shop.py", (ExtraFile(path="price.py", content="VAT = 1.2\n"),))


@pytest.mark.parametrize(
    "prompt",
    ["", "def f():", "<|fim_prefix|>no suffix", "<|fim_middle|>", "<|fim_middle|><|fim_prefix|>a<|fim_suffix|>b"],
)
def test_what_is_no_such_prompt_is_left_alone(prompt: str) -> None:
    assert parse_fim_prompt(prompt) is None
