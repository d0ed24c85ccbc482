import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AcmeStorage } from "../../../../../runtimes/engine/acme/acme-storage.ts";
import { ChallengeBoard } from "../../../../../runtimes/engine/acme/challenge-board.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";

const DIRECTORY = "https://ca.example/directory";
const NAME = "app.example.com";

let root = "";
let storage: AcmeStorage;
let board: ChallengeBoard;
let warnings: string[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "fairlead-board-"));
  storage = new AcmeStorage(root, DIRECTORY);
  await storage.prepare();
  warnings = [];
  board = new ChallengeBoard({
    storage,
    clock: new ManualClock(Date.now()),
    signal: new AbortController().signal,
    warn: (message) => warnings.push(message),
  });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (name: string): string => join(storage.folder, "challenges", name);

const GARBAGE: readonly (readonly [what: string, write: (path: string) => void])[] = [
  ["an empty file", (path) => writeFileSync(path, "")],
  ["no JSON", (path) => writeFileSync(path, "{")],
  ["other JSON", (path) => writeFileSync(path, '["http-01"]')],
  ["a challenge without a name", (path) => writeFileSync(path, '{"type":"tls-alpn-01","token":"bad"}')],
  [
    "a challenge of another token",
    (path) =>
      writeFileSync(
        path,
        JSON.stringify({ type: "http-01", domain: NAME, token: "b", keyAuthorization: "b.c" }),
      ),
  ],
  ["a file of a megabyte", (path) => writeFileSync(path, `"${"x".repeat(2 ** 20)}"`)],
  ["a directory", (path) => mkdirSync(path)],
  ["a named pipe", (path) => void execFileSync("mkfifo", [path])],
];

describe("the board of challenges", () => {
  test.each(GARBAGE)("ignores %s with one warning, and answers the others", async (_, write) => {
    write(at("bad.json"));
    const challenge = {
      type: "tls-alpn-01",
      domain: NAME,
      token: "good",
      keyAuthorization: "good.x",
    } as const;
    await storage.presentChallenge(challenge);
    await board.refresh();
    await board.refresh();
    expect(board.find(NAME)).toBeDefined();
    expect(await board.keyAuthorization("bad")).toBeUndefined();
    expect(warnings).toEqual([
      'the file "bad.json" among the challenges in the storage is no challenge; it is ignored',
    ]);
  });

  test("removes files that nobody has touched for a quarter of an hour, and leaves directories", async () => {
    writeFileSync(at("bad.json"), "{");
    mkdirSync(at("folder.json"));
    for (const name of ["bad.json", "folder.json"]) utimesSync(at(name), 0, 0);
    await board.refresh();
    expect([existsSync(at("bad.json")), existsSync(at("folder.json"))]).toEqual([false, true]);
    expect(warnings).toEqual([]);
  });

  test("answers by HTTP what another process has presented", async () => {
    await storage.presentChallenge({
      type: "http-01",
      domain: NAME,
      token: "abc",
      keyAuthorization: "abc.def",
    });
    expect(await board.keyAuthorization("abc")).toBe("abc.def");
    expect(await board.keyAuthorization("../abc")).toBeUndefined();
  });
});
