/** One scenario against one contender, measured. */
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../support/child.ts";
import { ROOT } from "../support/sources.ts";
import { CAP, type Contender } from "./contender.ts";
import { pin, residentKib } from "./process.ts";
import type { Scenario } from "./scenarios.ts";

export interface Met {
  readonly sent: number;
  readonly lost: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Row extends Partial<Met> {
  readonly contender: string;
  readonly scenario: string;
  readonly count: number;
  /** Resident memory that each bad client cost, KiB. */
  readonly kibEach?: number;
  /** What the second wave added to resident memory in the first one, as a share of it. */
  readonly secondWave?: number;
  /** Open files beyond those at the start, once the attack is over, without connections to upstreams. */
  readonly filesLeft?: number;
  /** Requests that still counted as in progress at the upstream's cap. */
  readonly inFlight?: number;
  /** Growth of resident memory in the second half, KiB, and all of it then. */
  readonly growth?: readonly [kib: number, residentKib: number];
}

export interface Pace {
  readonly rate: number;
  readonly seconds: number;
  readonly enduranceSeconds: number;
  /** After an attack, before what is left of it is looked at. */
  readonly settleMs: number;
}

export const NODE: string = join(ROOT, "node_modules/.bin/node");
/** Bad clients and their origin give way to honest ones, as if they ran elsewhere. */
export const BAD_NICENESS = "15";
/** The proxy's and everybody else's. */
export const PROXY_CORE = 0;
export const OTHER_CORE = 1;

const READY_MS = 120_000;
/** For connections that are being closed. */
const FILES_SETTLE_MS = 3_000;

export const script = (name: string): string => join(ROOT, "tests/abuse", name);

const attacker = (target: Contender, { attack, count }: Scenario): Child => {
  const args = [script("attacker.ts"), attack, target.port, target.tlsPort, count].map(String);
  const child = new Child("attacker", "nice", ["-n", BAD_NICENESS, NODE, ...args]);
  pin([child.pid], OTHER_CORE);
  return child;
};

const honest = async ({ port, tlsPort }: Contender, tls: boolean, { rate, seconds }: Pace): Promise<Met> => {
  const where = tls ? ["https", tlsPort] : ["http", port];
  const child = new Child("honest", NODE, [script("honest.ts"), ...where, rate, seconds].map(String));
  pin([child.pid], OTHER_CORE);
  const [text] = await child.printed(/^\{.*\}$/m, (seconds + 60) * 1_000);
  await child.ended();
  return JSON.parse(text) as Met;
};

const end = async (child: Child, { settleMs }: Pace): Promise<void> => {
  child.signal("SIGTERM");
  await child.ended();
  await sleep(settleMs);
};

/** Fills the cap of the upstream: as many as get no room are counted as in progress still. */
const stillInFlight = async ({ port }: Contender): Promise<number> => {
  const statuses = await Promise.all(
    Array.from({ length: CAP }, async () => {
      const asked = request({ host: "127.0.0.1", port, path: "/bad/slow", agent: false }).end();
      const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
      response.resume();
      return response.statusCode;
    }),
  );
  return statuses.filter((status) => status !== 200).length;
};

/** Files that are open beyond those at the start, without connections to upstreams, once no more are closed. */
const filesLeftBy = async ({ files, filesAtStart }: Contender): Promise<number> => {
  const until = performance.now() + FILES_SETTLE_MS;
  while (files() > filesAtStart && performance.now() < until) await sleep(100);
  return files() - filesAtStart;
};

const enduring = async (contender: Contender, scenario: Scenario, pace: Pace): Promise<Row> => {
  const child = attacker(contender, scenario);
  await child.printed(/^ready$/m, READY_MS);
  await sleep(pace.enduranceSeconds * 500);
  const half = residentKib(contender.pids);
  await sleep(pace.enduranceSeconds * 500);
  const whole = residentKib(contender.pids);
  await end(child, pace);
  const { name, count } = scenario;
  return { contender: contender.name, scenario: name, count, growth: [whole - half, whole] };
};

const secondWave = async (contender: Contender, scenario: Scenario, pace: Pace): Promise<number> => {
  const child = attacker(contender, scenario);
  await child.printed(/^ready$/m, READY_MS);
  const resident = residentKib(contender.pids);
  await end(child, pace);
  return resident;
};

/** Until `attack` has ended, by itself or because the honest clients are done. */
const underAttack = async (
  contender: Contender,
  scenario: Scenario,
  pace: Pace,
): Promise<{ readonly met: Met; readonly during: number }> => {
  const bad = attacker(contender, scenario);
  await bad.printed(/^ready$/m, READY_MS);
  const met = await honest(contender, scenario.tls === true, pace);
  const during = residentKib(contender.pids);
  if (scenario.ends === true) await bad.printed(/^done$/m, READY_MS);
  await end(bad, pace);
  return { met, during };
};

export const measure = async (contender: Contender, scenario: Scenario, pace: Pace): Promise<Row> => {
  if (scenario.endurance === true) return enduring(contender, scenario, pace);
  const { pids, name } = contender;
  const { count, ends = false, twice = false, kibEach } = scenario;
  // What a process takes for its first requests is nobody's cost.
  if (kibEach !== undefined) await honest(contender, scenario.tls === true, { ...pace, seconds: 1 });
  const before = residentKib(pids);
  const { met, during } = await underAttack(contender, scenario, pace);
  const filesLeft = await filesLeftBy(contender);
  const inFlight = ends && name !== "nginx" ? await stillInFlight(contender) : undefined;
  const again = twice ? await secondWave(contender, scenario, pace) : undefined;
  return {
    contender: name,
    scenario: scenario.name,
    count,
    ...met,
    filesLeft,
    ...(inFlight === undefined ? {} : { inFlight }),
    ...(kibEach === undefined ? {} : { kibEach: (during - before) / count }),
    ...(again === undefined ? {} : { secondWave: (again - during) / during }),
  };
};
