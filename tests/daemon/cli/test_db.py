"""Looking after the database from the command line."""

import asyncio
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.records import MessageRecord


async def _fill(paths: Paths, titles: tuple[str, ...]) -> None:
    database = Database(paths.database_file)
    store = SQLiteConversations(database)
    for number, title in enumerate(titles):
        moment = f"2026-01-01T00:00:{number:02}.000000Z"
        question = MessageRecord(id=f"q{number}", role="user", content=f"about {title} " * 200, created_at=moment)
        await store.create(f"c{number}", title, question)
        answer = MessageRecord(id=f"a{number}", role="assistant", content=f"{title} it is", created_at=moment)
        await store.append(f"c{number}", answer)
    await database.aclose()


@pytest.fixture
def file(paths: Paths) -> Path:
    """A database of three conversations."""
    asyncio.run(_fill(paths, ("fire", "wood", "ash/../x")))
    return paths.database_file


def test_a_sound_database_is_called_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "check"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{file}\nversion ")
    assert "3 conversations, 6 messages" in told
    assert told.endswith("ok\n")


def test_what_was_found_comes_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"]["messages"] == 6
    assert found["is_current"]
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        ("PRAGMA foreign_keys = OFF; DELETE FROM conversations WHERE id = 'c1'", "belong to nothing"),
        ("DROP TRIGGER messages_ai; INSERT INTO messages SELECT 99, 'x', 'c0', role, 'unindexed', created_at, "
         "backend, model, finish_reason, error, prompt_tokens, prompt_tokens_cached, prompt_tokens_evaluated, "
         "completion_tokens, sent, context_used FROM messages LIMIT 1", "the search index does not fit"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(file: Path, capsys: pytest.CaptureFixture[str], harm: str, problem: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(harm)
    assert main(["db", "check"]) == 1
    assert problem in capsys.readouterr().out


def test_a_file_that_others_may_read_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.chmod(0o644)
    assert main(["db", "check"]) == 1
    assert "can be read by others" in capsys.readouterr().out


def test_a_newer_database_is_looked_over_but_not_changed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    assert main(["db", "check"]) == 0
    assert "version 99, not that of this Andiron" in capsys.readouterr().out
    assert main(["db", "vacuum"]) == 1
    assert "newer Andiron" in capsys.readouterr().err
    assert main(["db", "export"]) == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("verb", ["check", "backup", "vacuum", "export"])
def test_without_a_database_it_says_so(paths: Paths, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main(["db", verb]) == 1
    told = capsys.readouterr()
    assert "there is no database" in told.err
    assert "hint: " in told.err
    assert not paths.database_file.exists()


@pytest.mark.parametrize("verb", ["check", "backup", "vacuum", "export"])
def test_another_programs_file_is_left_alone(paths: Paths, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    paths.data.mkdir(parents=True)
    with closing(sqlite3.connect(paths.database_file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = paths.database_file.read_bytes()
    assert main(["db", verb]) == 1
    assert "another program" in capsys.readouterr().err
    assert paths.database_file.read_bytes() == before


def test_a_backup_is_whole_private_and_named_by_time(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "backup"]) == 0
    (copy,) = file.parent.glob("*.backup")
    assert capsys.readouterr().out.startswith(f"{copy} (")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (6,)


def test_a_backup_goes_where_it_is_told_and_overwrites_nothing(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "copy.db"
    assert main(["db", "backup", str(target)]) == 0
    before = target.read_bytes()
    assert main(["db", "backup", str(target)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert main(["db", "backup", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.backup"))) == 1
    assert main(["db", "backup", str(tmp_path / "no" / "folder.db")]) == 1


def test_a_backup_is_made_while_another_program_writes(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM messages")
        assert main(["db", "backup", str(tmp_path / "copy.db")]) == 0
        other.execute("ROLLBACK")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (6,)


def test_a_vacuum_gives_space_back(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE ballast AS SELECT randomblob(500000)")
        connection.execute("DROP TABLE ballast")
        connection.commit()
    before = file.stat().st_size
    assert main(["db", "vacuum"]) == 0
    assert " before, " in capsys.readouterr().out
    assert file.stat().st_size < before - 400_000
    assert main(["db", "check"]) == 0


def test_an_export_is_a_line_of_json_for_each_conversation(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "export"]) == 0
    told = capsys.readouterr()
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["title"] for row in rows] == ["ash/../x", "wood", "fire"]
    assert [message["role"] for message in rows[0]["messages"]] == ["user", "assistant"]
    assert told.err == "3 conversations\n"


def test_an_export_writes_a_private_document_each(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert main(["db", "export", "--format", "markdown", "--to", str(folder)]) == 0
    documents = sorted(folder.iterdir())
    assert [document.name for document in documents] == ["c0-fire.md", "c1-wood.md", "c2-ash-x.md"]
    assert documents[0].read_text(encoding="utf-8").startswith("# fire\n")
    assert {stat.S_IMODE(document.stat().st_mode) for document in documents} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
