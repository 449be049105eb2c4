/** Which extensions lint a language themselves. */

const ECMASCRIPT = ["dbaeumer.vscode-eslint", "oxc.oxc-vscode", "biomejs.biome"];
const C = ["llvm-vs-code-extensions.vscode-clangd", "ms-vscode.cpptools"];

const LINTERS: Readonly<Record<string, readonly string[]>> = {
  python: ["charliermarsh.ruff", "ms-python.pylint", "ms-python.flake8", "ms-python.vscode-pylance"],
  javascript: ECMASCRIPT,
  typescript: ECMASCRIPT,
  javascriptreact: ECMASCRIPT,
  typescriptreact: ECMASCRIPT,
  go: ["golang.go"],
  rust: ["rust-lang.rust-analyzer"],
  c: C,
  cpp: C,
  java: ["redhat.java"],
  csharp: ["ms-dotnettools.csharp"],
  php: ["bmewburn.vscode-intelephense-client"],
  ruby: ["shopify.ruby-lsp"],
  shellscript: ["timonwong.shellcheck"],
  dockerfile: ["exiasr.hadolint"],
  yaml: ["redhat.vscode-yaml"],
};

/** Tell whether an extension that is there lints a language itself. */
export function hasLinter(language: string, isThere: (extension: string) => boolean): boolean {
  return (LINTERS[language] ?? []).some(isThere);
}
