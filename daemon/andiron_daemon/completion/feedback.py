"""What was offered lately, so that feedback can be counted and the next suggestion prepared.

Text is kept in memory only, for as long as feedback may still come.
"""

from collections import OrderedDict

import msgspec

from andiron_daemon.completion.plan import Plan
from andiron_daemon.completion.types import CompletionAnswer, CompletionInput, FeedbackInput
from andiron_daemon.errors import InvalidRequestError, NotFoundError

_REMEMBERED = 128


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """One suggestion: where, by whom, and its text."""

    plan: Plan
    backend: str
    model: str
    text: str
    replaced: int

    def accepted_characters(self, given: FeedbackInput) -> int:
        """Say how much of it was accepted."""
        if given.event != "accepted":
            return 0
        return len(self.text) if given.accepted_chars is None else given.accepted_chars

    def following(self, given: FeedbackInput) -> CompletionInput | None:
        """Make the request that is likely to come next; None where the suggestion was not taken whole."""
        if self.accepted_characters(given) < len(self.text) or not self.text:
            return None
        gap = self.plan.gap
        return msgspec.structs.replace(
            self.plan.request,
            prefix=gap.restore(gap.prefix) + self.text,
            suffix=gap.restore(gap.suffix[self.replaced :]),
        )


class Feedback:
    """The offers feedback may come for, by the id of their answer."""

    def __init__(self) -> None:
        self._offered: OrderedDict[str, Offered] = OrderedDict()

    def offer(self, plan: Plan, answer: CompletionAnswer) -> None:
        """Remember what an answer offered."""
        first = answer.completions[0]
        request = msgspec.structs.replace(plan.request, context=())
        self._offered[answer.id] = Offered(
            plan=msgspec.structs.replace(plan, request=request),
            backend=answer.backend or "",
            model=answer.model or "",
            text=first.text,
            replaced=first.range.end.character - first.range.start.character,
        )
        while len(self._offered) > _REMEMBERED:
            self._offered.popitem(last=False)

    def take(self, identifier: str, given: FeedbackInput) -> Offered:
        """Find what feedback is about.

        Raises:
            NotFoundError: if nothing of that id was offered lately.
            InvalidRequestError: if more was accepted than was offered.
        """
        offered = self._offered.get(identifier)
        if offered is None:
            raise NotFoundError(
                f"no suggestion {identifier!r} was made lately",
                hint="Send the id of a completion's answer that offered something, soon after it was shown.",
                details={"id": identifier},
            )
        accepted = given.accepted_chars
        if accepted is not None and not 0 <= accepted <= len(offered.text):
            raise InvalidRequestError(
                f"accepted_chars is {accepted}; 0 to {len(offered.text)} is possible",
                details={"field": "accepted_chars", "minimum": 0, "maximum": len(offered.text)},
            )
        return offered
