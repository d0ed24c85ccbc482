import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prometheusName, withInstruments } from "../../../scripts/instrument-list.ts";
import { allInstruments } from "../../../src/observe/instruments.ts";
import { ROOT, readSource } from "../../support/sources.ts";

it("docs/observability.md lists the instruments of the code (npm run docs writes it)", () => {
  const page = readSource("docs/observability.md");
  expect(page).toBe(withInstruments(page));
});

const NAMES = new Set(
  allInstruments().flatMap((instrument) => {
    const name = prometheusName(instrument);
    return instrument.kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name];
  }),
);
const LABELS = new Set(
  allInstruments().flatMap(({ attributes }) => attributes.map((name) => name.replaceAll(".", "_"))),
);
/** Of the scrape, of histograms, of alerts, and of recording rules. */
const OTHERS = /^(?:job|instance|le|severity|fairlead_route:\w+:\w+|fairlead_upstream:\w+:\w+)$/;

const FILES = ["grafana", "prometheus"].flatMap((folder) =>
  readdirSync(join(ROOT, "deploy", folder)).map((name) => `deploy/${folder}/${name}`),
);

describe("deploy", () => {
  it.each(FILES)("%s names only what the proxy has", (file) => {
    const names = readSource(file).match(/\b(?:http|fairlead|process|v8js)_\w+(?::\w+)*/g) ?? [];
    const unknown = names.filter((name) => !NAMES.has(name) && !LABELS.has(name) && !OTHERS.test(name));
    expect(unknown).toEqual([]);
    expect(names.length).toBeGreaterThan(10);
  });
});
