"""Other clients' files: what is put in, and that nothing else changes."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from andiron_daemon.connect import jsonc
from andiron_daemon.connect.clients import CLIENTS, Target
from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.writing import merged, shown, write
from andiron_testing.client_files import (
    AIDER,
    CASES,
    CONTINUE,
    COPILOT,
    ENVIRONMENT,
    EXAMPLES,
    FLUSH,
    SETTINGS,
    VIMRC,
    ZED,
)

TARGET = Target(url="http://127.0.0.1:8000", token="t0ken")


def _plain(text: str) -> Any:
    """Read JSON whose comments hold no quotes and whose texts hold no comments."""
    text = re.sub(r"(?<!:)//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", text))


def _comments(text: str) -> list[str]:
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


def test_every_client_has_an_example() -> None:
    assert set(EXAMPLES) == set(CLIENTS)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_second_time_changes_nothing(name: str, text: str) -> None:
    once = merged(text, CLIENTS[name], TARGET)
    assert merged(once, CLIENTS[name], TARGET) == once
    assert "127.0.0.1:8000" in once


@pytest.mark.parametrize(("name", "text"), CASES)
def test_another_token_replaces_the_first(name: str, text: str) -> None:
    once = merged(text, CLIENTS[name], TARGET)
    other = merged(once, CLIENTS[name], Target(url="http://127.0.0.1:9000", token="an0ther"))
    assert "an0ther" in other or name == "zed"
    for old in ("t0ken", "127.0.0.1:8000"):
        assert old not in other


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_what_is_printed_is_what_an_empty_file_gets(name: str) -> None:
    client = CLIENTS[name]
    assert merged(shown(client, TARGET), client, TARGET).count("127.0.0.1:8000") >= shown(client, TARGET).count("8000")


def test_continue_keeps_its_models_comments_and_name() -> None:
    text = merged(CONTINUE, CLIENTS["continue"], TARGET)
    document = YAML(typ="safe").load(text)
    assert [model["name"] for model in document["models"]] == ["Claude", "Andiron", "Andiron completion"]
    assert document["name"] == "My Assistant"
    assert document["models"][1]["apiBase"] == "http://127.0.0.1:8000/v1"
    assert document["models"][2]["roles"] == ["autocomplete"]
    for line in CONTINUE.splitlines():
        assert line in text.splitlines()


def test_yaml_lists_keep_their_indentation() -> None:
    lines = merged(FLUSH, CLIENTS["continue"], TARGET).splitlines()
    assert {"- name: Other", "  provider: ollama", "- Be brief", "- name: Andiron"} <= set(lines)


def test_settings_of_an_editor_keep_every_line_but_the_changed_one() -> None:
    text = merged(SETTINGS, CLIENTS["llama.vscode"], TARGET)
    kept = [line for line in SETTINGS.splitlines() if "8012" not in line]
    assert [line for line in kept if line not in text.splitlines() and "last" not in line] == []
    assert '    "llama-vscode.endpoint": "http://127.0.0.1:8000", // the old one' in text.splitlines()
    assert "// last" in text
    plain = _plain(text)
    assert plain["llama-vscode.api_key"] == "t0ken"
    assert plain["http.noProxy"] == ["a", "b"]


def test_zed_gets_its_tables_merged() -> None:
    text = merged(ZED, CLIENTS["zed"], TARGET)
    plain = _plain(text)
    assert plain["language_models"]["ollama"] == {"api_url": "http://localhost:11434"}
    assert plain["language_models"]["openai_compatible"]["Andiron"]["api_url"] == "http://127.0.0.1:8000/v1"
    assert plain["edit_predictions"]["provider"] == "open_ai_compatible_api"
    assert text.startswith("// Zed settings\n")


def test_copilot_keeps_other_providers() -> None:
    rows: list[dict[str, Any]] = json.loads(merged(COPILOT, CLIENTS["copilot"], TARGET))
    assert [row["name"] for row in rows] == ["Other", "Andiron"]
    assert rows[1]["models"][0]["url"] == "http://127.0.0.1:8000/v1/chat/completions"


def test_aider_keeps_its_comments() -> None:
    text = merged(AIDER, CLIENTS["aider"], TARGET)
    assert _comments(text) == _comments(AIDER)
    assert YAML(typ="safe").load(text)["auto-commits"] is False
    assert "model: openai/andiron" in text


def test_a_vimrc_keeps_what_was_set_and_has_one_block() -> None:
    once = merged(VIMRC, CLIENTS["llama.vim"], TARGET)
    assert once.startswith(VIMRC)
    assert once.count(">>> andiron >>>") == 1
    assert "extend(get(g:, 'llama_config', {})" in once


def test_variables_are_replaced_where_they_stand() -> None:
    text = merged(ENVIRONMENT, CLIENTS["openai"], TARGET)
    assert text == "# mine\nexport OPENAI_API_KEY=t0ken\nOTHER=1\nOPENAI_BASE_URL=http://127.0.0.1:8000/v1\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zed", '{"theme": }'),
        ("zed", "[]"),
        ("zed", '{"a": 1'),
        ("copilot", "{}"),
        ("continue", "a: [1\n"),
        ("continue", "- a\n- b\n"),
    ],
)
def test_a_file_that_cannot_be_understood_stays_as_it_is(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(ConnectError) as refused:
        write(CLIENTS[name], TARGET, file)
    assert str(file) in refused.value.message
    assert refused.value.hint
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_there_is_kept_beside_it_and_rights_stay(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(SETTINGS)
    file.chmod(0o640)
    written = write(CLIENTS["llama.vscode"], TARGET, file)
    assert written.changed
    assert written.backup is not None
    assert written.backup.read_text() == SETTINGS
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    again = write(CLIENTS["llama.vscode"], TARGET, file)
    assert (again.changed, again.backup) == (False, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("llama.vscode", SETTINGS),
        ("zed", ZED),
        ("continue", CONTINUE),
        ("aider", AIDER),
        ("llama.vim", VIMRC),
        ("openai", ENVIRONMENT),
    ],
)
def test_a_file_keeps_its_own_line_ends(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(text.replace("\n", "\r\n").encode())
    written = write(CLIENTS[name], TARGET, file)
    after = file.read_bytes()
    assert (written.changed, after.count(b"\n")) == (True, after.count(b"\r\n"))
    assert after.replace(b"\r\n", b"\n").decode() == merged(text, CLIENTS[name], TARGET)
    assert not write(CLIENTS[name], TARGET, file).changed
    assert file.read_bytes() == after


def test_a_file_with_both_line_ends_gets_those_of_most_lines(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"A=1\r\nB=2\nC=3\n")
    write(CLIENTS["openai"], TARGET, file)
    assert b"\r" not in file.read_bytes()


def test_a_new_file_is_private_and_a_link_stays_a_link(tmp_path: Path) -> None:
    new = write(CLIENTS["copilot"], TARGET, tmp_path / "deep" / "chatLanguageModels.json").file
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    link = tmp_path / "link.json"
    link.symlink_to(new)
    assert write(CLIENTS["copilot"], Target(url="http://127.0.0.1:9", token="x"), link).file == new
    assert link.is_symlink()


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConnectError, match="config"):
        write(CLIENTS["continue"], TARGET, file)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=4), JSON_VALUES, max_size=4), st.sampled_from([None, 1, 2, "\t"]))
def test_any_table_keeps_its_values(table: dict[str, Any], indent: int | str | None) -> None:
    text = json.dumps(table, indent=indent)
    wanted = {"x": {"y": 1}, "z": "é"}
    after = json.loads(jsonc.merged(text, wanted))
    assert {name: value for name, value in after.items() if name not in wanted} == {
        name: value for name, value in table.items() if name not in wanted
    }
    assert after["z"] == "é"
    assert after["x"]["y"] == 1
