import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, test } from "node:test";

import { findDaemon, isHere, isRunning, stateFolder, type Surroundings } from "../src/location";

const NOTHING = { url: "", token: "", home: "" };

function on(platform: string, environment: Record<string, string> = {}): Surroundings {
  return { environment, platform, home: "/home/ada", isRunning };
}

const made: string[] = [];
after(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));

async function runningIn(record: string, token = "secret\n"): Promise<Surroundings> {
  const root = await mkdtemp(path.join(tmpdir(), "andiron-"));
  made.push(root);
  await mkdir(path.join(root, "state"));
  await writeFile(path.join(root, "state", "run.json"), record);
  await writeFile(path.join(root, "state", "token"), token);
  return on("linux", { ANDIRON_HOME: root });
}

test("the state folder is the platform's own, or below ANDIRON_HOME", () => {
  assert.equal(stateFolder("", on("linux")), "/home/ada/.local/state/andiron");
  assert.equal(stateFolder("", on("linux", { XDG_STATE_HOME: "/s" })), "/s/andiron");
  assert.equal(stateFolder("", on("darwin")), "/home/ada/Library/Application Support/andiron");
  assert.equal(stateFolder("", on("linux", { ANDIRON_HOME: "/a" })), "/a/state");
  assert.equal(stateFolder("~/mine", on("linux", { ANDIRON_HOME: "/a" })), "/home/ada/mine/state");
});

test("a running daemon is found by its run file and its token file", async () => {
  const found = await findDaemon(NOTHING, await runningIn('{"url": "http://127.0.0.1:8000/", "token_path": null}'));
  assert.deepEqual(found, { url: "http://127.0.0.1:8000", token: "secret" });
});

test("what a killed daemon left behind is not followed: somebody else may have its port", async () => {
  const killed = spawnSync(process.execPath, ["--version"]).pid;
  const record = (pid: number): string => JSON.stringify({ url: "http://127.0.0.1:8000", pid });
  assert.equal(await findDaemon(NOTHING, await runningIn(record(killed))), undefined);
  assert.equal((await findDaemon(NOTHING, await runningIn(record(process.pid))))?.token, "secret");
  assert.equal((await findDaemon(NOTHING, await runningIn(record(1))))?.token, "secret"); // another person's
  const told = { url: "http://127.0.0.1:9", token: "", home: "" };
  assert.equal((await findDaemon(told, await runningIn(record(killed))))?.token, "secret");
});

test("what the settings say goes before what the files say", async () => {
  const surroundings = await runningIn('{"url": "http://127.0.0.1:8000"}');
  const found = await findDaemon({ url: "http://127.0.0.1:9", token: "told", home: "" }, surroundings);
  assert.deepEqual(found, { url: "http://127.0.0.1:9", token: "told" });
});

test("the token found here is told to nobody but a daemon of this machine", async () => {
  const surroundings = await runningIn('{"url": "http://127.0.0.1:8000"}');
  const there = { url: "https://models.example.org", token: "", home: "" };
  assert.equal((await findDaemon(there, surroundings))?.token, "");
  const environment = { ...surroundings.environment, ANDIRON_TOKEN: "exported" };
  assert.equal((await findDaemon(there, { ...surroundings, environment }))?.token, "");
  assert.equal((await findDaemon({ ...there, token: "told" }, surroundings))?.token, "told");
  assert.equal((await findDaemon({ ...there, url: "http://localhost:9" }, surroundings))?.token, "secret");
});

test("only loopback addresses are here", () => {
  for (const url of ["http://127.0.0.1:8000", "http://127.1.2.3", "http://localhost:1", "https://[::1]:2"]) {
    assert.equal(isHere(url), true, url);
  }
  for (const url of ["http://127.0.0.1.example.org", "http://localhost.example.org", "http://10.0.0.1", "nonsense", ""]) {
    assert.equal(isHere(url), false, url);
  }
});

test("without a run file, or with half of one, nothing is found", async () => {
  assert.equal(await findDaemon(NOTHING, on("linux", { ANDIRON_HOME: "/nowhere" })), undefined);
  assert.equal(await findDaemon(NOTHING, await runningIn('{"url": "http')), undefined);
  assert.equal(await findDaemon(NOTHING, await runningIn('{"url": 3}')), undefined);
});
