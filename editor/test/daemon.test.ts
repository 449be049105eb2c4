import assert from "node:assert/strict";
import * as http from "node:http";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test, type TestContext } from "node:test";

import type { LogOutputChannel } from "vscode";

import { type Condition, Daemon } from "../src/daemon";
import { DaemonError } from "../src/client";
import { settings } from "./vscode";

const READY = { condition: "ready", version: "1", backend: "local", backends: ["local"], models: ["m"] };

/** A daemon that knows one token, the home it is found in, and what the editor sees of it. */
class Room {
  token = "first";
  state: object = READY;
  health = '{"version":"1"}';
  begun = 0;
  readonly streams = new Set<http.ServerResponse>();
  readonly seen: Condition[] = [];
  readonly logged: string[] = [];
  readonly daemon = new Daemon({ info: (line: string) => this.logged.push(line) } as unknown as LogOutputChannel);
  readonly #server = http.createServer((request, response) => this.#answer(request, response));
  #home = "";

  static async opened(t: TestContext): Promise<Room> {
    const room = new Room();
    room.#home = settings["home"] = await mkdtemp(path.join(tmpdir(), "andiron-"));
    await mkdir(path.join(room.#home, "state"));
    await room.write("token", room.token);
    await new Promise<void>((resolve) => room.#server.listen(0, "127.0.0.1", resolve));
    await room.write("run.json", JSON.stringify({ url: `http://127.0.0.1:${(room.#server.address() as AddressInfo).port}` }));
    room.daemon.onDidChange((condition) => room.seen.push(condition));
    t.after(async () => {
      room.daemon.dispose();
      room.#server.closeAllConnections();
      room.#server.close();
      await rm(room.#home, { recursive: true });
    });
    return room;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(path.join(this.#home, "state", name), text);
  }

  /** Wait until the editor sees it like this. */
  async until(condition: Condition): Promise<void> {
    while (this.daemon.condition !== condition) {
      await new Promise<void>((resolve) => {
        const listening = this.daemon.onDidChange(() => (listening.dispose(), resolve()));
      });
    }
  }

  stop(): void {
    this.streams.forEach((stream) => stream.end());
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.url === "/health") {
      response.end(this.health);
    } else if (request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end('{"error":{"code":"unauthorized","message":"no"}}');
    } else if (request.url === "/api/v1/events") {
      this.begun += 1;
      this.streams.add(response);
      response.on("close", () => this.streams.delete(response));
      response.write(`event: state\ndata: ${JSON.stringify(this.state)}\n\n`);
    } else {
      response.end("{}");
    }
  }
}

test("a daemon is there once it has told how it is", async (t) => {
  const room = await Room.opened(t);
  assert.equal(room.daemon.isThere, false);
  void room.daemon.connect();
  await room.until("starting");
  assert.equal(room.daemon.isThere, false);
  await room.until("ready");
  assert.equal(room.daemon.isThere, true);
  assert.equal(room.daemon.state?.models[0], "m");
});

test("of several attempts at once the last one stays, alone", async (t) => {
  const room = await Room.opened(t);
  for (let count = 0; count < 5; count += 1) {
    void room.daemon.connect();
  }
  await room.until("ready");
  for (let count = 0; count < 5; count += 1) {
    await room.daemon.client.json("GET", "/x"); // the others would have come by now
  }
  assert.equal(room.begun, 1);
});

test("a daemon that does not know us is refused, and never there in between", async (t) => {
  const room = await Room.opened(t);
  room.token = "another";
  void room.daemon.connect();
  await room.until("refused");
  const first = room.seen.length;
  await room.daemon.connect();
  assert.deepEqual(room.seen.slice(first), ["refused"]);
  assert.equal(room.daemon.isThere, false);
  assert.deepEqual(room.logged, ["no"]);
  assert.throws(() => room.daemon.client, (error) => error instanceof DaemonError && error.code === "unauthorized");
});

test("a token that is no longer taken is looked for anew", async (t) => {
  const room = await Room.opened(t);
  void room.daemon.connect();
  await room.until("ready");
  const before = room.daemon.client;
  room.token = "second";
  settings["token"] = "second"; // not by the file, which is watched
  t.after(() => delete settings["token"]);
  await assert.rejects(before.json("GET", "/x"));
  while (room.daemon.client === before) {
    await new Promise<void>((resolve) => room.daemon.onDidChange(() => resolve()));
  }
  assert.deepEqual(await room.daemon.client.json("GET", "/x"), {});
});

test("what is found there and is not Andiron, or speaks of things unknown, is refused with a reason", async (t) => {
  const room = await Room.opened(t);
  room.health = "[]";
  void room.daemon.connect();
  await room.until("refused");
  assert.equal(room.daemon.trouble?.code, "not_andiron");
  room.health = '{"version":"9"}';
  room.state = { condition: "dreaming" };
  await room.daemon.connect();
  assert.equal(room.daemon.trouble?.code, "other_version");
  assert.match(room.daemon.trouble?.message ?? "", /9 has another API/);
});

test("a daemon that goes is gone, and found again by its run file", async (t) => {
  const room = await Room.opened(t);
  void room.daemon.connect();
  await room.until("ready");
  room.stop();
  await room.until("offline");
  assert.equal(room.daemon.trouble?.code, "unreachable");
  await room.until("ready");
});
