"""The clients: where each keeps its configuration, and what has to stand there.

Shapes and names are those the clients read. Every client is given the
address 127.0.0.1 rather than `localhost`, which an editor's proxy or a resolver may send elsewhere.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

# Stands for whichever model the daemon would take, in every protocol.
ANY_MODEL = "andiron"
_FIM = "<|fim_prefix|>{{{prefix}}}<|fim_suffix|>{{{suffix}}}<|fim_middle|>"
_CONTEXT_TOKENS = 8192
_ANSWER_TOKENS = 2048

Form = Literal["yaml", "json", "vim", "environment"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon a client is to talk to; `token` is empty where none is asked for."""

    url: str
    token: str
    model: str = ANY_MODEL

    @property
    def key(self) -> str:
        """What goes where a client insists on a key."""
        return self.token or "andiron"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One client; `wanted` is what its file has to hold, text for `vim`, values for the others.

    Of `keeps` what stands at the top of the file already stays.
    """

    title: str
    form: Form
    wanted: Callable[[Target], Any]
    file: Callable[[], Path] | None = None
    after: str = ""
    keeps: tuple[str, ...] = ()


def _continue(target: Target) -> dict[str, Any]:
    shared = {"provider": "openai", "model": target.model, "apiBase": f"{target.url}/v1", "apiKey": target.key}
    return {
        "name": "Local Assistant",
        "version": "1.0.0",
        "schema": "v1",
        "models": [
            {"name": "Andiron", **shared, "roles": ["chat", "edit", "apply"]},
            {
                "name": "Andiron completion",
                **shared,
                "roles": ["autocomplete"],
                "autocompleteOptions": {"template": _FIM, "debounceDelay": 100, "maxPromptTokens": 1024},
            },
        ],
    }


def _llama_vscode(target: Target) -> dict[str, Any]:
    return {
        "llama-vscode.endpoint": target.url,
        "llama-vscode.endpoint_chat": target.url,
        "llama-vscode.endpoint_tools": target.url,
        "llama-vscode.api_key": target.token,
        "llama-vscode.api_key_chat": target.token,
        "llama-vscode.api_key_tools": target.token,
    }


def _llama_vim(target: Target) -> str:
    return (
        "let g:llama_config = extend(get(g:, 'llama_config', {}), {\n"
        f"    \\ 'endpoint_fim': '{target.url}/infill',\n"
        f"    \\ 'endpoint_inst': '{target.url}/v1/chat/completions',\n"
        f"    \\ 'api_key': '{target.token}',\n"
        "    \\ })"
    )


def _zed(target: Target) -> dict[str, Any]:
    capabilities = {"tools": True, "images": False, "parallel_tool_calls": False, "prompt_cache_key": False}
    model = {
        "name": target.model,
        "display_name": "Andiron",
        "max_tokens": _CONTEXT_TOKENS,
        "max_output_tokens": _ANSWER_TOKENS,
        "capabilities": capabilities,
    }
    return {
        "language_models": {
            "openai_compatible": {"Andiron": {"api_url": f"{target.url}/v1", "available_models": [model]}}
        },
        "edit_predictions": {
            "provider": "open_ai_compatible_api",
            "open_ai_compatible_api": {
                "api_url": f"{target.url}/v1/completions",
                "model": target.model,
                "prompt_format": "qwen",
                "max_output_tokens": 64,
            },
        },
    }


def _aider(target: Target) -> dict[str, Any]:
    return {
        "model": f"openai/{target.model}",
        "openai-api-base": f"{target.url}/v1",
        "openai-api-key": target.key,
    }


def _copilot(target: Target) -> list[dict[str, Any]]:
    model = {
        "name": "Andiron",
        "id": target.model,
        "url": f"{target.url}/v1/chat/completions",
        "toolCalling": True,
        "vision": False,
        "maxInputTokens": _CONTEXT_TOKENS,
        "maxOutputTokens": _ANSWER_TOKENS,
    }
    return [
        {
            "name": "Andiron",
            "vendor": "customendpoint",
            "apiKey": target.key,
            "apiType": "chat-completions",
            "models": [model],
        }
    ]


def _open_webui(target: Target) -> dict[str, str]:
    return {
        "ENABLE_OPENAI_API": "true",
        "OPENAI_API_BASE_URL": f"{target.url}/v1",
        "OPENAI_API_KEY": target.key,
    }


def _openai(target: Target) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{target.url}/v1", "OPENAI_API_KEY": target.key}


def _home(*parts: str) -> Callable[[], Path]:
    return lambda: Path.home().joinpath(*parts)


def _code(name: str) -> Callable[[], Path]:
    """Find a file among a person's own of Visual Studio Code."""

    def find() -> Path:
        if sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        elif sys.platform == "win32":
            base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
        else:
            base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return base / "Code" / "User" / name

    return find


def _zed_file() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "Zed" / "settings.json"
    if sys.platform == "darwin":
        return Path.home() / ".config" / "zed" / "settings.json"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "zed" / "settings.json"


CLIENTS: Mapping[str, Client] = {
    "continue": Client(
        title="Continue",
        form="yaml",
        wanted=_continue,
        file=_home(".continue", "config.yaml"),
        keeps=("name", "version", "schema"),
        after="Choose Andiron in Continue's list of models.",
    ),
    "llama.vscode": Client(
        title="llama.vscode",
        form="json",
        wanted=_llama_vscode,
        file=_code("settings.json"),
        after="Open a file and type; its status line shows the speed.",
    ),
    "llama.vim": Client(
        title="llama.vim",
        form="vim",
        wanted=_llama_vim,
        file=_home(".vimrc"),
        after="For Neovim name its file: --file ~/.config/nvim/init.vim",
    ),
    "zed": Client(
        title="Zed",
        form="json",
        wanted=_zed,
        file=_zed_file,
        after="Zed keeps keys in the system's keyring: enter the token in its settings, under LLM providers and under "
        "edit predictions, or start it with ANDIRON_API_KEY set for the agent.",
    ),
    "aider": Client(title="aider", form="yaml", wanted=_aider, file=_home(".aider.conf.yml")),
    "copilot": Client(
        title="GitHub Copilot in Visual Studio Code",
        form="json",
        wanted=_copilot,
        file=_code("chatLanguageModels.json"),
        after="Choose Andiron in the chat's list of models; ghost text stays Copilot's own. With a proxy, add "
        "127.0.0.1 to http.noProxy.",
    ),
    "open-webui": Client(
        title="Open WebUI",
        form="environment",
        wanted=_open_webui,
        after="Start Open WebUI with these variables, or enter them under Admin Settings, Connections. From a "
        "container this machine is host.docker.internal; add that name to ANDIRON_ALLOWED_HOSTS.",
    ),
    "openai": Client(
        title="the openai package and whatever reads its variables",
        form="environment",
        wanted=_openai,
        after=f"Ask for the model {ANY_MODEL!r}, or one of `andiron models`.",
    ),
}
