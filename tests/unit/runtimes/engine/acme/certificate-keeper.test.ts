import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CertificateKeeper } from "../../../../../runtimes/engine/acme/certificate-keeper.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../../../runtimes/memory/random.ts";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { AcmeConfig } from "../../../../../src/config/types.ts";
import { certificate } from "../../../../support/certificate.ts";

const NAME = "app.example.com";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fairlead-keeper-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const settings = (): AcmeConfig => {
  const { listen } = parseConfig({
    listen: {
      tls: {
        acme: { domains: NAME, termsAgreed: true, directory: "https://ca.example/directory", storage: root },
      },
    },
    routes: [{ respond: { status: 200 } }],
  });
  if (listen.tls?.acme === undefined) throw new TypeError("no ACME");
  return listen.tls.acme;
};

const open = async (clock: ManualClock, changed = (): void => {}): Promise<CertificateKeeper> =>
  CertificateKeeper.open({
    settings: settings(),
    challenge: "http-01",
    clock,
    random: seededRandom(1),
    emit: () => {},
    isOrdering: false,
    changed,
  });

describe("a keeper of certificates", () => {
  test("leaves no timer behind where it is closed while it looks", async () => {
    const clock = new ManualClock(Date.now());
    const keeper = await open(clock);
    keeper.start();
    await keeper.close();
    expect(clock.pending).toBe(0);
  });

  test("takes over a certificate that another has stored beside garbage", async () => {
    const changed = Promise.withResolvers<void>();
    const keeper = await open(new ManualClock(Date.now()), changed.resolve);
    writeFileSync(join(keeper.storage.folder, "challenges", "bad.json"), "null");
    const { cert, key } = certificate({ hosts: [NAME] });
    await keeper.storage.writeCertificate(NAME, { chain: cert, key, obtained: 0 });
    keeper.start();
    await changed.promise;
    expect(keeper.certificates).toEqual([[NAME, { cert, key }]]);
    await keeper.close();
  });
});
