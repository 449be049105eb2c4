/** The chat's page: what it is made of, and that nothing comes in from anywhere else. */

import { randomBytes } from "node:crypto";

import vscode = require("vscode");

/** Let a webview show the page. */
export function showPage(webview: vscode.Webview, extension: vscode.Uri): void {
  webview.options = { enableScripts: true, localResourceRoots: ["dist", "media"].map((folder) => vscode.Uri.joinPath(extension, folder)) };
  webview.html = html(webview, extension);
}

function html(webview: vscode.Webview, extension: vscode.Uri): string {
  const uri = (...parts: string[]): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, ...parts)).toString();
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri("media", "chat.css")}">
<title>Andiron</title>
</head>
<body>
<p id="condition" role="status"></p>
<main id="turns" role="log" aria-label="Conversation" aria-live="polite" tabindex="0"></main>
<form id="ask" aria-label="Ask">
<div class="row" role="toolbar" aria-label="Send along">
<button type="button" data-chip="file">+ File</button>
<button type="button" data-chip="selection">+ Selection</button>
<button type="button" data-chip="diagnostics">+ Problems</button>
</div>
<ul id="chips" aria-label="What is sent along"></ul>
<textarea id="text" rows="3" placeholder="Ask about your code" aria-label="Message"></textarea>
<div class="row end">
<button type="button" id="regenerate" title="Answer the last message again">Again</button>
<button type="submit" id="send">Send</button>
<button type="button" id="stop" hidden>Stop</button>
</div>
</form>
<script nonce="${nonce}" src="${uri("dist", "chat.js")}"></script>
</body>
</html>`;
}
