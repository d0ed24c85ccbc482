/** What becomes of header sections on a request's way, for `explain`. */
import { MASK } from "../src/config/masking.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { Answer } from "../src/gateway.ts";
import { isCredentialName } from "../src/http/credentials.ts";
import { editPairs } from "../src/http/header-edits.ts";
import type { ExplainedField } from "./control.ts";

/** The header section that leaves, and then what does not leave. Values of credentials are masked. */
export const sentFields = (attempt: Attempt): readonly ExplainedField[] => {
  const { fields: pairs } = attempt.exchange.arrival;
  const arrivedFields = fieldsOf(pairs);
  const sent = fieldsOf(["host", attempt.host, ...editPairs(pairs, attempt.edits, attempt.exchange.drop)]);
  const arrived = new Set(arrivedFields.map(([name, value]) => `${name}: ${value}`));
  const names = new Set(sent.map(([name]) => name));
  return [
    ...sent.map((field) => shown(arrived.has(field.join(": ")) ? "kept" : "added", field)),
    ...arrivedFields.filter(([name]) => !names.has(name)).map((field) => shown("removed", field)),
  ];
};

/** What the proxy adds to the answer, and then what it takes off. */
export const answeredFields = ({ reply, edits }: Answer): readonly ExplainedField[] => {
  const added = reply.kind === "http" ? (reply.added ?? []) : [];
  const fields = fieldsOf([...reply.fields, ...added]);
  const names = new Set(fields.map(([name]) => name));
  return [
    ...fields.map((field) => shown("added", field)),
    ...[...(edits?.edits.drop ?? [])]
      .filter((name) => !names.has(name))
      .map((name): ExplainedField => ({ change: "removed", name, value: "" })),
  ];
};

type Field = readonly [lowerName: string, value: string];

const shown = (change: ExplainedField["change"], [name, value]: Field): ExplainedField => ({
  change,
  name,
  value: isCredentialName(name) ? MASK : value,
});

const fieldsOf = (pairs: readonly string[]): readonly Field[] => {
  const fields: Field[] = [];
  for (let i = 0; i < pairs.length; i += 2) fields.push([(pairs[i] ?? "").toLowerCase(), pairs[i + 1] ?? ""]);
  return fields;
};
