/**
 * Fuzzes the HTTP/1.1 wire format: `npm run fuzz -- [--seconds 60] [--seed N] [--only TEXT]`.
 *
 * Runs the properties of tests/support/http1-properties.ts one after the other, each round with the next
 * seed, until the time is over. Prints the seed it starts with. A failure ends it with exit code 1, the
 * smallest failing case, and the command that runs it again.
 */
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { HTTP1_PROPERTIES } from "../tests/support/http1-properties.ts";

const CASES_A_ROUND = 2000;
const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    only: { type: "string", default: "" },
  },
});
const seconds = Number(values.seconds);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * MAX_SEED) : Number(values.seed);
if (!(seconds >= 0) || !Number.isSafeInteger(firstSeed))
  throw new RangeError("--seconds or --seed is no number");
const chosen = Object.entries(HTTP1_PROPERTIES).filter(([name]) => name.includes(values.only));
if (chosen.length === 0) throw new RangeError(`no property has ${values.only} in its name`);

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Whether the property held for a round of cases. */
const holds = (name: string, property: fc.IRawProperty<unknown, false>, seed: number): boolean => {
  const details = fc.check(property, { seed, numRuns: CASES_A_ROUND });
  if (!details.failed) return true;
  const report = fc.defaultReportMessage(details);
  print(`FAILED: ${name}\n${report ?? ""}`);
  print(`again: npm run fuzz -- --seed ${seed} --seconds 0 --only ${JSON.stringify(name)}`);
  return false;
};

const started = performance.now();
const end = started + seconds * 1000;
print(`fuzz: seed ${firstSeed}, ${seconds} s, ${chosen.length} properties`);
let rounds = 0;
let failed = false;
do {
  const seed = (firstSeed + rounds) % MAX_SEED;
  failed = !chosen.every(([name, property]) => holds(name, property, seed));
  rounds++;
} while (!failed && performance.now() < end);
const took = ((performance.now() - started) / 1000).toFixed(1);
print(
  `fuzz: ${rounds} rounds of ${CASES_A_ROUND * chosen.length} cases in ${took} s, ${failed ? "failed" : "all held"}`,
);
process.exitCode = failed ? 1 : 0;
