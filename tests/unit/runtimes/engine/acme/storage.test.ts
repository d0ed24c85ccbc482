import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AcmeStorage, NEW_STATE } from "../../../../../runtimes/engine/acme/acme-storage.ts";
import { takeLock } from "../../../../../runtimes/engine/acme/file-lock.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { certificate } from "../../../../support/certificate.ts";

const DIRECTORY = "https://ca.example:8443/acme/directory";
const NAME = "app.example.com";

let root = "";
let storage: AcmeStorage;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "fairlead-storage-"));
  storage = new AcmeStorage(root, DIRECTORY);
  await storage.prepare();
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the storage of an ACME client", () => {
  test("has a folder for each authority, and leaves no drafts there", async () => {
    await storage.writeAccountKey("key");
    expect(readdirSync(root)).toEqual(["ca.example-8443-acme-directory"]);
    expect(readdirSync(storage.folder)).toEqual(["account.key", "challenges"]);
    expect(await storage.readAccountKey()).toBe("key");
  });

  test("gives back the certificate that was written, its key and its time", async () => {
    const { cert, key } = certificate({ hosts: [NAME] });
    await storage.writeCertificate(NAME, { chain: cert + cert, key, obtained: 1_000 });
    expect(await storage.readCertificate(NAME)).toEqual({ chain: cert + cert, key, obtained: 1_000 });
    expect(statSync(join(storage.folder, `${NAME}.pem`)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["no PEM", "none"],
    ["a certificate alone", certificate().cert],
    ["a key alone", certificate().key],
  ])("says so of %s where a certificate should be", async (_, text) => {
    writeFileSync(join(storage.folder, `${NAME}.pem`), text);
    expect(await storage.readCertificate(NAME)).toBe("unreadable");
  });

  test("begins anew where the state of a domain can't be read", async () => {
    writeFileSync(join(storage.folder, `${NAME}.json`), "{");
    expect(await storage.readState(NAME)).toEqual(NEW_STATE);
  });

  test("changes its stamp of a domain with each write", async () => {
    const before = await storage.stamp(NAME);
    await storage.writeState(NAME, { ...NEW_STATE, failures: 1 });
    expect(await storage.stamp(NAME)).not.toBe(before);
  });

  test("forgets challenges that somebody left behind", async () => {
    const challenge = { type: "http-01", domain: NAME, token: "abc", keyAuthorization: "abc.def" } as const;
    await storage.presentChallenge(challenge);
    expect(await storage.challengeTokens(Date.now())).toEqual(["abc"]);
    expect(await storage.findChallenge("abc")).toEqual(challenge);
    expect(await storage.challengeTokens(Date.now() + 3_600_000)).toEqual([]);
    expect(await storage.findChallenge("abc")).toBeUndefined();
  });

  test("can't be where nothing can be written", async () => {
    writeFileSync(join(root, "file"), "");
    await expect(new AcmeStorage(join(root, "file"), DIRECTORY).prepare()).rejects.toThrow(/ENOTDIR/);
  });
});

describe("a lock of a file", () => {
  const at = (): string => storage.lockPath(NAME);

  test("is one's own until it is given back", async () => {
    const clock = new ManualClock(Date.now());
    const unlock = await takeLock(at(), clock);
    expect(await takeLock(at(), clock)).toBeUndefined();
    await unlock?.();
    expect(clock.pending).toBe(0);
    expect(await takeLock(at(), clock)).toBeDefined();
  });

  test("is taken over where its owner has ended", async () => {
    await takeLock(at(), new ManualClock(Date.now()));
    const later = new ManualClock(Date.now() + 16_000);
    const unlock = await takeLock(at(), later);
    expect(unlock).toBeDefined();
    expect(await takeLock(at(), later)).toBeUndefined();
    await unlock?.();
    expect(readdirSync(storage.folder)).toEqual(["challenges"]);
  });

  test("is no longer its first owner's to give back then", async () => {
    const slow = await takeLock(at(), new ManualClock(Date.now()));
    const later = new ManualClock(Date.now() + 16_000);
    await takeLock(at(), later);
    await slow?.();
    expect(await takeLock(at(), later)).toBeUndefined();
  });

  test("is taken over where a wrong clock has put it far ahead, and where it is empty", async () => {
    const clock = new ManualClock(Date.now());
    writeFileSync(at(), "");
    utimesSync(at(), new Date(4_000_000_000_000), new Date(4_000_000_000_000));
    expect(await takeLock(at(), clock)).toBeDefined();
  });

  test("that was abandoned goes to one alone of all that find it", async () => {
    const clock = new ManualClock(Date.now());
    const takers = Array.from({ length: 8 });
    for (let round = 0; round < 50; round += 1) {
      writeFileSync(at(), `gone-${round}`);
      utimesSync(at(), 0, 0);
      const attempts = takers.map(async () => [await takeLock(at(), clock), await takeLock(at(), clock)]);
      const taken = (await Promise.all(attempts)).flat().filter((unlock) => unlock !== undefined);
      expect(taken).toHaveLength(1);
      await taken[0]?.();
      expect(readdirSync(storage.folder)).toEqual(["challenges"]);
    }
  });

  test("is taken over where another has ended while it took it over", async () => {
    const clock = new ManualClock(Date.now());
    writeFileSync(at(), "gone");
    writeFileSync(`${at()}.gone.1`, "");
    utimesSync(at(), 0, 0);
    expect(await takeLock(at(), clock)).toBeUndefined();
    utimesSync(`${at()}.gone.1`, 0, 0);
    const unlock = await takeLock(at(), clock);
    expect(unlock).toBeDefined();
    await unlock?.();
    expect(readdirSync(storage.folder)).toEqual(["challenges"]);
  });
});
