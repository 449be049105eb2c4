"""Fields that know few words say which, where another is sent."""

import pytest

from andiron_daemon.api.bodies import CompleteBody, ExportQuery
from andiron_daemon.api.choices import choices_at
from andiron_daemon.api.dialects.openai_bodies import ChatCompletionBody
from andiron_testing.daemons import DaemonClient, error_of

_ROLES = ("assistant", "developer", "system", "tool", "user")


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        (ExportQuery, "format", ("json", "markdown")),
        (CompleteBody, "multiline", ("true", "false", "auto")),
        (ChatCompletionBody, "messages[0].role", _ROLES),
        (ChatCompletionBody, "response_format.type", ("json_object", "json_schema", "text")),
        (ChatCompletionBody, "model", ()),
        (ChatCompletionBody, "nowhere[...].at.all", ()),
    ],
)
def test_the_words_of_a_field_are_found_by_its_path(kind: type, path: str, words: tuple[str, ...]) -> None:
    assert choices_at(kind, path) == words


async def test_a_word_that_is_none_of_them_is_answered_with_them(daemon: DaemonClient) -> None:
    sent = await daemon.post("/api/v1/code/complete/x/feedback", json={"event": "liked"})
    status, error = await error_of(sent)
    assert (status, error["details"]["field"]) == (400, "event")
    assert error["hint"] == "It is one of: accepted, rejected, shown."
    status, error = await error_of(await daemon.get("/api/v1/chat/conversations/x/export?format=pdf"))
    assert (status, error["hint"]) == (400, "It is one of: json, markdown.")


async def test_a_key_that_is_none_names_its_object(daemon: DaemonClient) -> None:
    body = {"messages": [{"role": "user", "content": "x"}], "logit_bias": {"word": 1}}
    answer = await (await daemon.post("/v1/chat/completions", json=body)).json()
    assert answer["error"]["param"] == "logit_bias"
