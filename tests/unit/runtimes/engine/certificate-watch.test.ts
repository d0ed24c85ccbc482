import { describe, expect, it } from "vitest";
import { CertificateWatch } from "../../../../runtimes/engine/certificate-watch.ts";
import { ManualClock } from "../../../../runtimes/memory/mod.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import type { Config } from "../../../../src/config/types.ts";
import type { LogEvent } from "../../../../src/observe/event-log.ts";
import { certificate } from "../../../support/certificate.ts";

const DAY_MS = 86_400_000;

/** Whose certificate was issued `before` days ago and is good for `left` days more. */
const configOf = (now: number, before: number, left: number): Config => {
  const { cert, key } = certificate({
    hosts: ["site.test", "www.site.test"],
    from: now - before * DAY_MS,
    to: now + left * DAY_MS,
  });
  return parseConfig({ listen: { tls: { cert, key } }, upstreams: { app: "http://127.0.0.1:1" } });
};

const watching = () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const events: LogEvent[] = [];
  const watch = new CertificateWatch({ clock, emit: (event) => void events.push(event) });
  const said = (): unknown[] => events.splice(0).map(({ level, message }) => [level, message]);
  const pass = (days: number): Promise<void> => clock.advance(days * DAY_MS);
  return { clock, watch, said, pass };
};

describe("the watch over certificates", () => {
  it("warns 30, 7 and 1 day ahead and when they are over, once each", async () => {
    const { clock, watch, said, pass } = watching();
    watch.watch(configOf(clock.epoch(), 60, 40.5));
    expect(said()).toEqual([]);
    await pass(10);
    expect(said()).toEqual([]);
    await pass(1);
    expect(said()).toEqual([
      ["warning", "listen: the certificate expires in 29 days, at 2026-02-10 12:00 UTC"],
    ]);
    await pass(22);
    expect(said()).toEqual([]);
    await pass(1);
    expect(said()).toEqual([
      ["warning", "listen: the certificate expires in 6 days, at 2026-02-10 12:00 UTC"],
    ]);
    await pass(6);
    expect(said()).toEqual([
      ["warning", "listen: the certificate expires in less than a day, at 2026-02-10 12:00 UTC"],
    ]);
    await pass(1);
    expect(said()).toEqual([["error", "listen: the certificate expired at 2026-02-10 12:00 UTC"]]);
    await pass(30);
    expect(said()).toEqual([]);
  });

  it("warns at the start, and not again for the same certificate in another config", () => {
    const { clock, watch, said } = watching();
    const config = configOf(clock.epoch(), 80, 5);
    watch.watch(config);
    expect(said()).toHaveLength(1);
    watch.watch(config);
    expect(said()).toEqual([]);
    watch.watch(configOf(clock.epoch(), 0, 90));
    expect(said()).toEqual([]);
  });

  it("does not warn of certificates that are renewed every few days before it is time for that", async () => {
    const { clock, watch, said, pass } = watching();
    watch.watch(configOf(clock.epoch(), 0, 6));
    expect(said()).toEqual([]);
    await pass(4);
    expect(said()).toEqual([
      ["warning", "listen: the certificate expires in 2 days, at 2026-01-07 00:00 UTC"],
    ]);
  });

  it("names listener, name and end, for metrics", () => {
    const { clock, watch } = watching();
    watch.watch(configOf(clock.epoch(), 1, 89));
    expect(watch.certificates).toMatchObject([
      { listener: "listen", name: "site.test", expiresAt: clock.epoch() + 89 * DAY_MS },
    ]);
    watch.stop();
  });
});
