"""What a worker writes of its requests, and what the daemon reads of it."""

import io
import logging
import sys

import pytest

from andiron_models.local import wire
from andiron_models.local.notes import PREFIX, Note, read_note
from andiron_models.local.process import launch_program
from andiron_models.types import Finish, InfillRequest, Timings, Usage
from andiron_models.worker.journal import Journal

INFILL = wire.Infill(id=7, request=InfillRequest(prefix="marker of the text", request_id="request-1"))


def _notes(stream: io.StringIO) -> list[Note]:
    notes = [read_note(line) for line in stream.getvalue().splitlines()]
    assert None not in notes
    return [note for note in notes if note is not None]


def test_a_request_is_noted_by_its_id_when_it_is_taken_and_when_it_is_over() -> None:
    stream = io.StringIO()
    journal = Journal(stream)
    journal.began(INFILL)
    journal.saw(wire.Piece(id=7, text="marker of the answer"))
    journal.saw(wire.Done(id=7, finish=Finish(reason="stop", usage=Usage(completion_tokens=3), timings=Timings())))
    notes = _notes(stream)
    assert [note.request_id for note in notes] == ["request-1", "request-1"]
    assert notes[0].event == "infill taken"
    assert notes[1].event.startswith("over: stop")
    assert "marker" not in stream.getvalue()


def test_a_failure_is_noted_without_its_message() -> None:
    stream = io.StringIO()
    journal = Journal(stream)
    journal.began(INFILL)
    journal.saw(wire.Failed(id=7, code="internal", message="marker of the message"))
    assert _notes(stream)[1] == Note(request_id="request-1", event="failed: internal", is_error=True)
    assert "marker" not in stream.getvalue()


def test_other_lines_are_no_notes() -> None:
    assert read_note("llama_model_load: ok") is None
    assert read_note(f"{PREFIX}not json") is None


async def test_the_daemon_logs_a_note_under_the_requests_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "andiron_models.local.process")
    program = (
        "import sys\nfrom andiron_models.worker.journal import Journal\nfrom andiron_models.local import wire\n"
        "from andiron_models.types import InfillRequest\n"
        "Journal().began(wire.Infill(id=1, request=InfillRequest(prefix='', request_id='request-9')))\n"
    )
    worker = await launch_program([sys.executable, "-c", program], lambda message: None, lambda reason, hint=None: None)
    await worker.stop()
    (record,) = [record for record in caplog.records if "infill taken" in record.getMessage()]
    assert getattr(record, "request_id", None) == "request-9"
