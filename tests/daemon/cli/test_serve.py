import click
import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_daemon.settings import SETTINGS


def test_every_setting_but_the_secrets_is_an_option_with_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    shown = " ".join(click.unstyle(capsys.readouterr().out).split())
    for setting in SETTINGS:
        option = f"--{setting.name.replace('_', '-')} "
        assert (option in shown) is (setting.kind != "secret")
        assert (f"[{setting.variable}]" in shown) is (setting.kind != "secret")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--port=http", "command line: --port is 'http', but a number"),
        ("--auth=perhaps", "command line: --auth is 'perhaps', but on or off"),
        ("--log-format=xml", "command line: --log-format is 'xml', but one of plain, json"),
        ("--openai-base-url=here", "command line: --openai-base-url is 'here', but an address"),
        ("--env-file=gone.env", "gone.env: no such file"),
    ],
)
def test_a_wrong_option_stops_before_anything_is_made(
    option: str, expected: str, paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", option]) == 78
    assert capsys.readouterr().err.startswith(f"error: {expected}")
    assert not paths.state.exists()
