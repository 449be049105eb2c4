import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { CancelledError, Client, DaemonError, describe } from "../src/client";
import { generate } from "../src/generation";

async function answering(t: TestContext, handler: http.RequestListener, longestSilenceMilliseconds?: number): Promise<Client> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Client({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "secret" }, longestSilenceMilliseconds);
}

function isRefusal(code: string) {
  return (error: unknown) => error instanceof DaemonError && error.code === code;
}

test("a body is sent with the token and read back", async (t) => {
  const client = await answering(t, (request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => response.end(JSON.stringify({ token: request.headers.authorization, body })));
  });
  const got = await client.json<{ token: string; body: string }>("POST", "/x", { a: "ü" });
  assert.deepEqual(got, { token: "Bearer secret", body: '{"a":"ü"}' });
});

test("an answer without a body is nothing", async (t) => {
  const client = await answering(t, (_, response) => response.writeHead(204).end());
  assert.equal(await client.json("POST", "/x"), undefined);
});

test("a refusal keeps its code, its hint and its request id", async (t) => {
  const client = await answering(t, (_, response) =>
    response.writeHead(401).end('{"error":{"code":"unauthorized","message":"no","hint":"do","request_id":"r1"}}'),
  );
  await assert.rejects(client.json("GET", "/x"), (error) => {
    assert(error instanceof DaemonError);
    assert.deepEqual([error.code, error.message, error.hint, error.requestId], ["unauthorized", "no", "do", "r1"]);
    return true;
  });
});

test("who is refused tells of it, beside the one who asked", async (t) => {
  const { location } = await answering(t, (_, response) => response.writeHead(401).end('{"error":{"code":"unauthorized","message":"no"}}'));
  const heard: string[] = [];
  const client = new Client(location, undefined, ({ code }) => heard.push(code));
  await assert.rejects(client.json("GET", "/x"), isRefusal("unauthorized"));
  assert.deepEqual(heard, ["unauthorized"]);
});

test("an error tells what to do about it", () => {
  assert.equal(describe(new DaemonError("timeout", "it took too long", "Ask again")), "it took too long. Ask again");
  assert.equal(describe(new DaemonError("timeout", "it took too long")), "it took too long");
  assert.equal(describe(new TypeError("what?")), "TypeError: what?");
});

test("something else that answers there is told apart", async (t) => {
  const client = await answering(t, (request, response) => response.writeHead(request.url === "/ok" ? 200 : 502).end(request.url === "/json" ? '{"error":"no"}' : "<html>"));
  for (const path of ["/ok", "/json", "/x"]) {
    await assert.rejects(client.json("GET", path), isRefusal("not_andiron"));
  }
});

test("nobody there is unreachable", async () => {
  await assert.rejects(new Client({ url: "http://127.0.0.1:1", token: "" }).json("GET", "/"), isRefusal("unreachable"));
});

test("what is no address is told with the setting's name", async () => {
  for (const url of ["nonsense", "ftp://127.0.0.1", ""]) {
    await assert.rejects(new Client({ url, token: "" }).json("GET", "/x"), isRefusal("wrong_url"));
  }
});

test("what is for this machine goes through no proxy the editor puts in the way", async (t) => {
  const client = await answering(t, (_, response) => response.end('{"version":"1"}'));
  t.mock.method(http, "request", () => assert.fail("it went through the proxy"));
  assert.equal(await client.version(new AbortController().signal), "1");
});

test("an address of several is told with what is wrong", async () => {
  const several = new Client({ url: "http://localhost:1", token: "" });
  await assert.rejects(several.json("GET", "/"), (error) => error instanceof DaemonError && /localhost:1: .*ECONNREFUSED/.test(error.message));
});

test("what is healthy without saying its version is not Andiron", async (t) => {
  const client = await answering(t, (_, response) => response.end("null"));
  await assert.rejects(client.version(new AbortController().signal), isRefusal("not_andiron"));
});

test("who sends us on elsewhere is not followed", async (t) => {
  const asked: (string | undefined)[] = [];
  const client = await answering(t, (request, response) => {
    asked.push(request.url);
    response.writeHead(307, { Location: "/elsewhere" }).end();
  });
  await assert.rejects(client.json("POST", "/x", {}), isRefusal("not_andiron"));
  assert.deepEqual(asked, ["/x"]);
});

test("an abort closes the connection, and the daemon sees it", async (t) => {
  let closed: () => void = () => undefined;
  const wasClosed = new Promise<void>((resolve) => (closed = resolve));
  const abort = new AbortController();
  const client = await answering(t, (_, response) => {
    response.on("close", closed);
    abort.abort();
  });
  await assert.rejects(client.json("POST", "/x", {}, { signal: abort.signal }), CancelledError);
  await wasClosed;
});

test("an answer comes as events and ends with its body", async (t) => {
  const client = await answering(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write('event: start\ndata: {"id":"a","backend":"local","model":"m"}\n\n: still here\n\nevent: del');
    response.end('ta\ndata: {"text":"one "}\n\nevent: delta\ndata: {"text":"two"}\n\nevent: done\ndata: {"whole":1}\n\n');
  });
  const heard: string[] = [];
  const body = await generate(client, "/x", {}, { started: (by) => heard.push(by.model), told: (text) => heard.push(text) });
  assert.deepEqual([heard, body], [["m", "one ", "two"], { whole: 1 }]);
});

test("an error in the stream, and a stream that breaks off, are errors", async (t) => {
  const pieces: Record<string, string> = {
    "/error": 'event: error\ndata: {"error":{"code":"timeout","message":"late"}}\n\n',
    "/half": 'event: delta\ndata: {"text":"one"}\n\n',
  };
  const client = await answering(t, (request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.end(pieces[request.url ?? ""]);
  });
  await assert.rejects(generate(client, "/error", {}, {}), isRefusal("timeout"));
  await assert.rejects(generate(client, "/half", {}, {}), isRefusal("broken_stream"));
});

test("events that are not understood are not taken for a broken stream", async (t) => {
  const client = await answering(t, (_, response) => response.end('event: state\ndata: {"condition":"dreaming"}\n\n'));
  const take = (): void => {
    throw new DaemonError("other_version", "what is that?");
  };
  await assert.rejects(client.events("GET", "/x", undefined, take), isRefusal("other_version"));
});

test("a connection that is cut in the middle is a broken stream", async (t) => {
  const client = await answering(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write('event: delta\ndata: {"text":"one"}\n\n', () => response.destroy());
  });
  await assert.rejects(generate(client, "/x", {}, {}), isRefusal("broken_stream"));
});

test("a stream that falls silent is a broken one", async (t) => {
  const client = await answering(t, (_, response) => response.writeHead(200).write('event: delta\ndata: {"text":"one"}\n\n'), 20);
  await assert.rejects(generate(client, "/x", {}, {}), isRefusal("broken_stream"));
});
