/** A reader of Prometheus's text format, written from its description and not from what writes it here. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const UNESCAPED: Readonly<Record<string, string>> = { n: "\n", "\\": "\\", '"': '"' };

const numberOf = (text: string): number => {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
};

/** The value that begins at `from`, behind its quote, and where it ends. */
const quoted = (line: string, from: number): readonly [string, number] => {
  let value = "";
  for (let at = from; at < line.length; at += 1) {
    const char = line[at] ?? "";
    if (char === '"') return [value, at];
    if (char !== "\\") {
      value += char;
      continue;
    }
    at += 1;
    const meant = UNESCAPED[line[at] ?? ""];
    if (meant === undefined) throw new Error(`unknown escape in ${line}`);
    value += meant;
  }
  throw new Error(`no end of a label value in ${line}`);
};

const sampleOf = (line: string): Sample => {
  const [name = ""] = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line) ?? [];
  if (name === "") throw new Error(`no name in ${line}`);
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === "{") {
    at += 1;
    while (line[at] !== "}") {
      const [, label = ""] = /^([a-zA-Z_][a-zA-Z0-9_]*)="/.exec(line.slice(at)) ?? [];
      if (label === "" || labels.has(label)) throw new Error(`no label, or one twice, at ${at} in ${line}`);
      const [value, end] = quoted(line, at + label.length + 2);
      labels.set(label, value);
      at = line[end + 1] === "," ? end + 2 : end + 1;
    }
    at += 1;
  }
  if (line[at] !== " ") throw new Error(`no value in ${line}`);
  return { name, labels: Object.fromEntries(labels), value: numberOf(line.slice(at + 1)) };
};

/** @throws where a line is none of the format. */
export const samplesIn = (text: string): readonly Sample[] => {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(sampleOf);
};
