from pathlib import Path

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import SETTINGS, Settings, load_settings, masked


@pytest.fixture(autouse=True)
def config_folder(paths: Paths) -> Path:
    paths.config.mkdir(parents=True)
    return paths.config


def _toml(paths: Paths, text: str) -> None:
    paths.settings_file.write_text(text, encoding="utf-8")


def _dotenv(paths: Paths, text: str) -> None:
    paths.env_file.write_text(text, encoding="utf-8")


def test_the_table_and_the_struct_say_the_same() -> None:
    defaults = Settings()
    assert {row.name: row.default for row in SETTINGS} == {
        name: getattr(defaults, name) for name in Settings.__struct_fields__ if name != "sources"
    }


def test_every_row_has_its_own_variable_and_a_sentence_of_help() -> None:
    assert len({row.variable for row in SETTINGS}) == len(SETTINGS)
    assert all(row.help.endswith(".") for row in SETTINGS)


def test_the_names_of_the_original_specification_work_as_they_stand(paths: Paths) -> None:
    settings = load_settings(
        paths,
        environment={
            "DEBUG": "True",
            "HOST": "0.0.0.0",
            "PORT": "9000",
            "OPENAI_API_KEY": "sk-secret",
            "OPENAI_MODEL": "gpt-4",
            "OPENAI_MAX_TOKENS": "2000",
            "DATABASE_URL": "sqlite:///./assistant.db",
            "REDIS_URL": "redis://localhost:6379",
            "BACKEND_CORS_ORIGINS": '["http://localhost:3000", "http://localhost:8080"]',
        },
    )
    assert (settings.debug, settings.host, settings.port) == (True, "0.0.0.0", 9000)
    assert (settings.openai_api_key, settings.openai_model, settings.openai_max_tokens) == ("sk-secret", "gpt-4", 2000)
    assert settings.backend_cors_origins == ("http://localhost:3000", "http://localhost:8080")
    assert (settings.database_url, settings.redis_url) == ("sqlite:///./assistant.db", "redis://localhost:6379")


def test_the_first_source_that_has_a_setting_wins(paths: Paths) -> None:
    _toml(paths, 'port = 1\nhost = "toml"\nbackend = "toml"\nchat_model = "toml"')
    _dotenv(paths, "PORT=2\nHOST=dotenv\nANDIRON_BACKEND=dotenv\n")
    environment = {"PORT": "3", "HOST": "environment"}
    settings = load_settings(paths, {"port": "4", "host": None}, environment)
    assert (settings.port, settings.host, settings.backend, settings.chat_model) == (4, "environment", "dotenv", "toml")
    assert settings.sources == {
        "port": "command line",
        "host": "environment",
        "backend": str(paths.env_file),
        "chat_model": str(paths.settings_file),
    }


def test_without_any_source_the_defaults_hold(paths: Paths) -> None:
    assert load_settings(paths, environment={}) == Settings()


def test_a_named_env_file_takes_the_place_of_the_config_folders(paths: Paths, tmp_path: Path) -> None:
    _dotenv(paths, "PORT=2\nHOST=dotenv\n")
    (tmp_path / "own.env").write_text("PORT=5\n", encoding="utf-8")
    settings = load_settings(paths, environment={}, env_file=tmp_path / "own.env")
    assert (settings.port, settings.host) == (5, "127.0.0.1")


def test_the_working_folders_env_file_is_not_read(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=https://elsewhere.example\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings(paths, environment={}).openai_base_url == ""


def test_an_empty_variable_stands_for_the_default_and_hides_what_is_below(paths: Paths) -> None:
    _toml(paths, 'host = "0.0.0.0"\nport = 9000')
    settings = load_settings(paths, environment={"HOST": "", "PORT": " "})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "http", "number from 0 to 65535"),
        ("PORT", "65536", "number from 0 to 65535"),
        ("PORT", "-1", "number from 0 to 65535"),
        ("PORT", "80.5", "whole number"),
        ("PORT", "nan", "number from 0 to 65535"),
        ("PORT", "1e400", "number from 0 to 65535"),
        ("DEBUG", "maybe", "on or off"),
        ("ANDIRON_AUTH", "2", "on or off"),
        ("ANDIRON_IDLE_SECONDS", "ever", "number from 0"),
        ("OPENAI_MAX_TOKENS", "0", "number from 1"),
        ("ANDIRON_MAX_BODY_BYTES", "1", "number from 1024"),
        ("BACKEND_CORS_ORIGINS", "[1, 2]", "list of texts"),
        ("BACKEND_CORS_ORIGINS", "[", "but"),
        ("DATABASE_URL", "postgres://localhost/x", "sqlite://"),
        ("OPENAI_BASE_URL", "localhost:8080", "http:// or https://"),
        ("OPENAI_BASE_URL", "https://", "http:// or https://"),
        ("OPENAI_BASE_URL", "http://[::1", "http:// or https://"),
        ("OPENAI_BASE_URL", "http://host:port/v1", "http:// or https://"),
        ("OPENAI_BASE_URL", "http://:8080/v1", "http:// or https://"),
        ("ANDIRON_LOG_FORMAT", "xml", "plain, json"),
        ("ANDIRON_CHAT_MODEL", "a\nb", "one line"),
    ],
)
def test_a_wrong_value_names_source_key_value_and_what_was_expected(
    paths: Paths, variable: str, value: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={variable: value})
    assert caught.value.message.startswith(f"environment: {variable} is {value!r}, but ")
    assert expected in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('port = "http"', "port is 'http', but a number"),
        ("port = true", "port is True, but a number"),
        ("host = 1", "host is 1, but text"),
        ('host = ""', "host is '', but a text that is not empty"),
        ('backend_cors_origins = "x" \nport = []', "port is [], but a number"),
        ('prot = 1\nhost = "x"', "there is no setting 'prot'"),
        ("port 8000", "cannot be read"),
        ('log_format = ["plain"]', "one of plain, json"),
    ],
)
def test_a_wrong_toml_names_the_file(paths: Paths, text: str, expected: str) -> None:
    _toml(paths, text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={})
    assert caught.value.message.startswith(f"{paths.settings_file}: ")
    assert expected in caught.value.message


def test_a_misspelt_setting_is_told_its_neighbour(paths: Paths) -> None:
    _toml(paths, "prot = 1")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={})
    assert caught.value.hint == "Did you mean port?"


def test_a_wrong_option_is_named_as_it_was_typed(paths: Paths) -> None:
    with pytest.raises(ConfigurationError, match="command line: --idle-seconds is 'x', but"):
        load_settings(paths, {"idle_seconds": "x"}, {})


def test_a_missing_env_file_that_was_named_is_an_error(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.env: no such file"):
        load_settings(paths, environment={}, env_file=tmp_path / "gone.env")


@pytest.mark.parametrize("content", [b"PORT=1\n'half a quote\n", b"\xff\xfe\n"])
def test_an_env_file_that_is_not_one_is_an_error(paths: Paths, content: bytes) -> None:
    paths.env_file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={})
    assert str(paths.env_file) in caught.value.message


def test_a_folder_in_the_place_of_a_file_is_an_error(paths: Paths) -> None:
    paths.settings_file.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(paths, environment={})


def test_secrets_are_never_shown(paths: Paths) -> None:
    settings = load_settings(
        paths,
        environment={
            "OPENAI_API_KEY": "sk-hidden-1",
            "ANDIRON_TOKEN": "hidden-2",
            "REDIS_URL": "redis://user:hidden-3@localhost",
        },
    )
    assert "hidden" not in repr(settings)
    view = masked(settings)
    assert (view["openai_api_key"], view["token"]) == ("set", "set")
    assert view["redis_url"] == "redis://***@localhost"
    assert masked(Settings())["openai_api_key"] == "not set"


def test_a_wrong_secret_is_not_quoted(paths: Paths) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={"OPENAI_API_KEY": "hidden\nline", "ANDIRON_TOKEN": "x"})
    assert "hidden" not in caught.value.message
    with pytest.raises(ConfigurationError) as caught:
        load_settings(paths, environment={"DATABASE_URL": "postgres://user:hidden@host/base"})
    assert "hidden" not in caught.value.message


def test_lists_are_written_with_commas_or_as_json(paths: Paths) -> None:
    for text in ("http://a, http://b,", '["http://a", "http://b"]'):
        settings = load_settings(paths, environment={"BACKEND_CORS_ORIGINS": text})
        assert settings.backend_cors_origins == ("http://a", "http://b")
