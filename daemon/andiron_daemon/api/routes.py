"""The one table of routes; the application, the guard's open paths and the API's description are made from it."""

from andiron_daemon.api import chat, code, conversations, health, models, root, status, system
from andiron_daemon.api.bodies import (
    ChatBody,
    CompleteBody,
    Health,
    ModelList,
    RegenerateBody,
    Root,
    Status,
    Stopping,
    TitleBody,
)
from andiron_daemon.api.route import Route
from andiron_daemon.api.ws import http as socket
from andiron_daemon.chat.types import ChatAnswer, ConversationPage, ConversationRecord
from andiron_daemon.completion.types import CompletionAnswer, FeedbackInput
from andiron_daemon.library import ListedModel, PullDone

ROUTES = (
    Route(method="GET", path="/", handler=root.show, summary="What answers here.", is_open=True, response=Root),
    Route(
        method="GET", path="/health", handler=health.show, summary="Whether it is up.", is_open=True, response=Health
    ),
    Route(
        method="GET",
        path="/api/v1/status",
        handler=status.show,
        summary="Everything the daemon tells of itself.",
        response=Status,
    ),
    Route(
        method="POST",
        path="/api/v1/chat/message",
        handler=chat.message,
        summary="Answer a message.",
        request=ChatBody,
        response=ChatAnswer,
        can_stream=True,
    ),
    Route(
        method="POST",
        path="/api/v1/chat/stream",
        handler=chat.stream,
        summary="Answer a message as events.",
        request=ChatBody,
        response=ChatAnswer,
        can_stream=True,
    ),
    Route(
        method="GET",
        path="/api/v1/chat/conversations",
        handler=conversations.index,
        summary="List or search conversations.",
        response=ConversationPage,
    ),
    Route(
        method="GET",
        path="/api/v1/chat/conversations/{id}",
        handler=conversations.show,
        summary="Show a conversation.",
        response=ConversationRecord,
    ),
    Route(
        method="DELETE",
        path="/api/v1/chat/conversations/{id}",
        handler=conversations.delete,
        summary="Delete a conversation.",
        status=204,
    ),
    Route(
        method="PATCH",
        path="/api/v1/chat/conversations/{id}",
        handler=conversations.change,
        summary="Rename a conversation.",
        request=TitleBody,
        response=ConversationRecord,
    ),
    Route(
        method="GET",
        path="/api/v1/chat/conversations/{id}/export",
        handler=conversations.export,
        summary="Hand out a conversation as Markdown or JSON.",
        response=ConversationRecord,
    ),
    Route(
        method="POST",
        path="/api/v1/chat/conversations/{id}/regenerate",
        handler=conversations.regenerate,
        summary="Answer the last message again.",
        request=RegenerateBody,
        response=ChatAnswer,
        can_stream=True,
    ),
    Route(
        method="POST",
        path="/api/v1/code/complete",
        handler=code.complete,
        summary="Complete code at a cursor.",
        request=CompleteBody,
        response=CompletionAnswer,
        can_stream=True,
    ),
    Route(
        method="POST",
        path="/api/v1/code/complete/{id}/feedback",
        handler=code.feedback,
        summary="Tell what became of a suggestion.",
        request=FeedbackInput,
        status=204,
    ),
    Route(
        method="GET",
        path="/api/v1/models",
        handler=models.index,
        summary="List the models that are here, and those that can be had.",
        response=ModelList,
    ),
    Route(
        method="GET",
        path="/api/v1/models/{id}",
        handler=models.show,
        summary="Show a model.",
        response=ListedModel,
    ),
    Route(
        method="POST",
        path="/api/v1/models/{id}/pull",
        handler=models.pull,
        summary="Fetch a model, as events.",
        response=PullDone,
        can_stream=True,
    ),
    Route(
        method="DELETE",
        path="/api/v1/models/{id}/pull",
        handler=models.cancel_pull,
        summary="Stop fetching a model.",
        status=204,
    ),
    Route(
        method="POST",
        path="/api/v1/models/{id}/load",
        handler=models.load,
        summary="Load a model into memory.",
        response=ListedModel,
    ),
    Route(
        method="POST",
        path="/api/v1/models/{id}/unload",
        handler=models.unload,
        summary="Give a model's memory back.",
        response=ListedModel,
    ),
    Route(
        method="DELETE",
        path="/api/v1/models/{id}",
        handler=models.remove,
        summary="Delete a model from this machine.",
        status=204,
    ),
    Route(
        method="GET",
        path="/ws",
        handler=socket.serve,
        summary="Many requests over one socket.",
        status=101,
        is_socket=True,
    ),
    Route(
        method="POST",
        path="/api/v1/system/stop",
        handler=system.stop,
        summary="Stop the daemon.",
        response=Stopping,
        status=202,
    ),
)

OPEN_PATHS = frozenset(route.path for route in ROUTES if route.is_open)
SOCKET_PATHS = frozenset(route.path for route in ROUTES if route.is_socket)
