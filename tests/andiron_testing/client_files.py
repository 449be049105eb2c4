"""Files of other clients as people have them, with comments, odd commas and values of their own."""

CONTINUE = """\
# My assistants
name: My Assistant  # the one I use
version: 0.0.1
schema: v1
models:
  # the big one
  - name: Claude
    provider: anthropic
    model: claude-x
    apiKey: "${{ secrets.ANTHROPIC }}"
    roles:
      - chat
context:
  - provider: code
  - provider: diff   # keep
"""
FLUSH = """\
models:
- name: Other
  provider: ollama
rules:
- Be brief
"""
SETTINGS = """\
{
    // How it looks
    "editor.fontSize": 14, // not 12
    "workbench.colorTheme": "Default Dark+",
    /* proxies */ "http.noProxy": ["a", "b",],
    "llama-vscode.endpoint": "http://127.0.0.1:8012", // the old one
    "[python]": { "editor.tabSize": 4 }, // last
}
"""
ZED = """\
// Zed settings
{
  "theme": "One Dark",
  "language_models": {
    "ollama": { "api_url": "http://localhost:11434" }
  },
  "edit_predictions": { "provider": "zed" }
}
"""
COPILOT = """\
[
\t{
\t\t"name": "Other",
\t\t"vendor": "ollama",
\t\t"url": "http://localhost:11434"
\t}
]
"""
AIDER = """\
##########################################################
# Sample .aider.conf.yml
##########################################################
## Specify the model
model: sonnet
#openai-api-key: xxx
auto-commits: false  # I do it
"""
VIMRC = 'set number\nlet g:llama_config = { "show_info": 0 }'
ENVIRONMENT = "# mine\nexport OPENAI_API_KEY=old\nOTHER=1\n"
EXAMPLES = {
    "continue": (CONTINUE, FLUSH, ""),
    "llama.vscode": (SETTINGS, "{}", ""),
    "llama.vim": (VIMRC, ""),
    "zed": (ZED, "{\n}\n", ""),
    "aider": (AIDER, "# nothing yet\n", ""),
    "copilot": (COPILOT, "[]", ""),
    "open-webui": (ENVIRONMENT, ""),
    "openai": (ENVIRONMENT, ""),
}
CASES = [(name, text) for name, texts in EXAMPLES.items() for text in texts]
