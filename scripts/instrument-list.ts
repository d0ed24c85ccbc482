/** Writes the list of instruments into docs/observability.md, from the code. */
import { readFileSync, writeFileSync } from "node:fs";
import { familyName } from "../src/observe/exposition.ts";
import type { Instrument } from "../src/observe/instrument.ts";
import { allInstruments } from "../src/observe/instruments.ts";

const FILE = new URL("../docs/observability.md", import.meta.url);
const START = "<!-- instruments: written by scripts/instrument-list.ts -->\n";
const END = "<!-- end of instruments -->\n";

const KINDS: Readonly<Record<Instrument["kind"], string>> = {
  counter: "counter",
  "up-down-counter": "up-down counter",
  gauge: "gauge",
  histogram: "histogram",
};

const code = (text: string): string => `\`${text}\``;

/** The name that Prometheus stores, without what histograms add to it. */
export const prometheusName = (instrument: Instrument): string =>
  instrument.kind === "counter" ? `${familyName(instrument)}_total` : familyName(instrument);

const row = (instrument: Instrument): string => {
  const { name, unit, kind, attributes, about } = instrument;
  const names = `${code(name)}<br>${code(prometheusName(instrument))}`;
  const labels = attributes.length === 0 ? "-" : attributes.map(code).join(", ");
  return `| ${names} | ${KINDS[kind]}, ${code(unit)} | ${labels} | ${about} |`;
};

export const instrumentList = (): string =>
  [
    "| name, in Prometheus | kind, unit | attributes | what |",
    "| --- | --- | --- | --- |",
    ...allInstruments().map(row),
  ].join("\n");

/** `text` with the list between its marks brought up to date. */
export const withInstruments = (text: string): string => {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start === -1 || end < start) throw new Error("docs/observability.md has lost its marks");
  return `${text.slice(0, start)}${START}\n${instrumentList()}\n\n${text.slice(end)}`;
};

if (import.meta.main) writeFileSync(FILE, withInstruments(readFileSync(FILE, "utf8")));
