import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import type { ExtensionContext, LogOutputChannel, WebviewView } from "vscode";

import type { FromPage, ToPage } from "../src/chat/messages";
import { ChatView } from "../src/chat/view";
import { Client } from "../src/client";
import type { Condition, Daemon } from "../src/daemon";
import { EventEmitter } from "./vscode";

type Told<Type extends ToPage["type"]> = Extract<ToPage, { type: Type }>;

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function done(text: string): string {
  return event("done", { conversation_id: "k1", message: { content: text }, context_used: [], backend: "local", model: "m", usage: {}, timings: {} });
}

/** A chat, its page, and a daemon that answers as it is told to. */
class Room {
  readonly said: ToPage[] = [];
  readonly kept = new Map<string, unknown>();
  readonly asked: { message?: string; conversation_id?: string }[] = [];
  answer: (response: http.ServerResponse) => void = (response) => response.end(event("start", { id: "a", conversation_id: "k1" }) + done("Well."));
  conversation: (response: http.ServerResponse) => void = (response) => response.end('{"id":"k1","title":"t","messages":[{"id":"1","role":"user","content":"Why?"}]}');
  readonly chat: ChatView;
  readonly #told = new EventEmitter<void>();
  #heard: (message: FromPage) => void = () => undefined;

  static async opened(t: TestContext, known?: string): Promise<Room> {
    const server = http.createServer((request, response) => room.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const room: Room = new Room(new Client({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "" }), known);
    t.after(() => {
      room.chat.dispose();
      server.closeAllConnections();
      server.close();
    });
    room.view();
    room.page({ type: "ready" });
    await room.told(known ? "conversation" : "cleared");
    room.said.length = 0;
    return room;
  }

  constructor(client: Client, known?: string) {
    this.kept.set("conversation", known);
    const daemon = { client, isThere: true, condition: "ready", onDidChange: new EventEmitter<Condition>().event } as unknown as Daemon;
    const workspaceState = { get: (name: string) => this.kept.get(name), update: (name: string, value: unknown) => this.kept.set(name, value) };
    this.chat = new ChatView({ workspaceState, extensionUri: "x" } as unknown as ExtensionContext, daemon, { info: () => undefined } as unknown as LogOutputChannel);
  }

  /** Have the editor make the view, or make it anew. */
  view(): void {
    const webview = {
      cspSource: "x",
      asWebviewUri: (uri: string) => uri,
      onDidReceiveMessage: (listener: (message: FromPage) => void) => (this.#heard = listener),
      postMessage: (message: ToPage) => {
        this.said.push(message);
        this.#told.fire();
        if (message.type === "growing") {
          this.page({ type: "drawn" });
        }
      },
    };
    this.chat.resolveWebviewView({ webview, onDidDispose: () => undefined } as unknown as WebviewView);
  }

  page(message: FromPage): void {
    this.#heard(message);
  }

  /** Wait until the page is told this, and return it. */
  async told<Type extends ToPage["type"]>(type: Type): Promise<Told<Type>> {
    for (;;) {
      const found = this.said.find((message): message is Told<Type> => message.type === type);
      if (found) {
        return found;
      }
      await new Promise<void>((resolve) => {
        const listening = this.#told.event(() => (listening.dispose(), resolve()));
      });
    }
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      if (request.method === "POST") {
        this.asked.push(JSON.parse(body) as Room["asked"][number]);
        this.answer(response);
      } else {
        this.conversation(response);
      }
    });
  }
}

function refuse(response: http.ServerResponse): void {
  response.writeHead(404).end('{"error":{"code":"not_found","message":"there is no conversation k1"}}');
}

test("an answer belongs to its conversation, which goes on with the next question", async (t) => {
  const room = await Room.opened(t);
  room.page({ type: "ask", text: "Why?" });
  assert.equal((await room.told("answered")).html, "<p>Well.</p>");
  assert.equal(room.kept.get("conversation"), "k1");
  room.said.length = 0;
  room.page({ type: "ask", text: "And?" });
  await room.told("answered");
  assert.deepEqual(room.asked.map((one) => one.conversation_id), [undefined, "k1"]);
});

test("a question to a conversation that was deleted elsewhere comes back, and the next one begins anew", async (t) => {
  const room = await Room.opened(t, "k1");
  const { answer } = room;
  room.answer = refuse;
  room.page({ type: "ask", text: "Why?" });
  const ended = await room.told("brokeOff");
  assert.equal(ended.unasked, "Why?");
  assert.match(ended.trouble, /no conversation/);
  assert.deepEqual(room.said.map(({ type }) => type), ["asked", "cleared", "brokeOff"]);
  room.answer = answer;
  room.page({ type: "ask", text: "Why?" });
  await room.told("answered");
  assert.equal(room.asked.at(-1)?.conversation_id, undefined);
});

test("a page made anew while an answer comes shows it, and all of the conversation in the end", async (t) => {
  const room = await Room.opened(t);
  let go: () => void = () => undefined;
  room.answer = (response) => {
    response.write(event("start", { id: "a", conversation_id: "k1" }) + event("delta", { text: "We" }));
    go = () => response.end(event("delta", { text: "ll." }) + done("Well."));
  };
  room.page({ type: "ask", text: "Why?" });
  await room.told("growing");
  room.said.length = 0;
  room.view();
  room.page({ type: "ready" });
  await room.told("asked");
  go();
  const { turns } = await room.told("conversation");
  assert.equal(turns[0]?.text, "Why?");
});

test("an answer that was left is not shown in another conversation", async (t) => {
  const room = await Room.opened(t);
  let go: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    room.answer = (response) => {
      response.write(event("start", { id: "a", conversation_id: "k1" }));
      response.on("close", resolve);
      go = () => response.end(done("Well."));
    };
  });
  room.page({ type: "ask", text: "Why?" });
  await room.told("started");
  room.said.length = 0;
  await room.chat.startNew();
  go();
  await closed;
  assert.deepEqual(room.said.map(({ type }) => type), ["cleared", "focus"]);
  assert.equal(room.kept.get("conversation"), undefined);
});

test("what could not be answered anew is still there, with the reason", async (t) => {
  const room = await Room.opened(t, "k1");
  room.answer = (response) => response.writeHead(503).end('{"error":{"code":"queue_full","message":"too much to do"}}');
  room.page({ type: "regenerate" });
  assert.equal((await room.told("trouble")).trouble, "too much to do");
  assert.deepEqual(room.said.map(({ type }) => type), ["asked", "brokeOff", "conversation", "trouble"]);
});
