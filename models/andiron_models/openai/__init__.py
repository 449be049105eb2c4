"""The backend over OpenAI's API, or any server that speaks it.

Importing this costs nothing: the `openai` SDK (a second, and tens of megabytes) is imported in a thread when
the first request is made.
"""

from andiron_models.openai.backend import OpenAIBackend, create

__all__ = ["OpenAIBackend", "create"]
