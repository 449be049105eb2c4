"""How a model wants a gap presented: a property of the model, kept in its catalogue entry.

Orders, with P prefix, S suffix, PRE/SUF/MID the model's tokens:

anchored      PRE SUF S MID P   everything before the cursor stands after the middle token, as if already
                                generated: typing only appends, so the KV cache holds
prefix_first  PRE P SUF S MID   what most models were trained on
suffix_first  SUF S PRE P MID   what Codestral was trained on

Which order is best is found by measuring (benchmarks/infill_quality.py), not by reading model cards.
"""

from typing import Literal

import msgspec

InfillOrder = Literal["anchored", "prefix_first", "suffix_first"]


class InfillLayout(msgspec.Struct, frozen=True, kw_only=True):
    """Token texts and their order; `heals` asks for token healing at the cursor.

    `file_token` begins another file (`<file_token>path\\ntext`), `stop_tokens` end an answer beside the
    model's own end tokens.
    """

    prefix_token: str
    suffix_token: str
    middle_token: str
    order: InfillOrder = "prefix_first"
    heals: bool = True
    file_token: str | None = None
    repository_token: str | None = None
    stop_tokens: tuple[str, ...] = ()
