/** Writes docs/capabilities.md: what each runtime can do, from the code and the conformance suite's exemptions. */
import { writeFileSync } from "node:fs";
import { RUNTIME_PROFILES } from "../cli/runtime-profile.ts";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import { ENGINE_SUBJECTS, EXEMPTIONS } from "../tests/conformance/exemptions.ts";

const FILE = new URL("../docs/capabilities.md", import.meta.url);

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

const capabilities = (): string => {
  const profiles = Object.values(RUNTIME_PROFILES);
  const names = Object.keys(CAPABILITIES) as Capability[];
  return table(
    ["", ...profiles.map(({ name }) => name)],
    names.map((name) => [
      `\`${name}\`: ${CAPABILITIES[name]}`,
      ...profiles.map((profile) => (profile.capabilities.has(name) ? "yes" : "-")),
    ]),
  );
};

/** One row a case and reason, with the runtimes it holds for. What is refused at start stands in the first table. */
const exemptions = (): string => {
  const rows = new Map<string, { readonly cells: readonly [string, string]; readonly runtimes: string[] }>();
  for (const { subject, title, runtime, reason, refused } of EXEMPTIONS) {
    if (refused !== undefined) continue;
    const key = `${subject}\n${title}\n${reason}`;
    const found = rows.get(key);
    if (found === undefined) rows.set(key, { cells: [`${subject}: ${title}`, reason], runtimes: [runtime] });
    else found.runtimes.push(runtime);
  }
  if (rows.size === 0) return "None: every case holds on every runtime.";
  return table(
    ["case", "runtime", "reason"],
    Array.from(rows.values(), ({ cells: [name, reason], runtimes }) => [name, runtimes.join(", "), reason]),
  );
};

const engineSubjects = (): string =>
  table(
    ["cases", "reason"],
    Object.entries(ENGINE_SUBJECTS).map(([subject, reason]) => [subject, reason]),
  );

/** The whole page. */
export const capabilityPage = (): string => `# What each runtime can do

This page is generated: \`npm run docs\` writes it from the code. What is not listed here works alike everywhere, and the conformance suite holds it to that.

## Capabilities

A config that asks for what its runtime can't do is refused at start, with the setting's name. \`fairlead check --runtime workers\` asks beforehand. A "-" concerns only what somebody sets: where a runtime can't honour a default, it keeps its own.

${capabilities()}

## Conformance

Cases of the suite that a runtime can't express. Each is run all the same, and fails as soon as it passes.

${exemptions()}

These are about connections, which on Workers are not Fairlead's; they are not run there.

${engineSubjects()}
`;

if (import.meta.main) writeFileSync(FILE, capabilityPage());
