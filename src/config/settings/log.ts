/** `log`: events and lines about requests. */
import type { Capability } from "../../core/capability.ts";
import type { AccessLogConfig, LogConfig, LogRotation, RedactionConfig } from "../types.ts";
import { listOf, mapOf } from "../schema/collections.ts";
import { orUnlimited, shortFor } from "../schema/forms.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional, required } from "../schema/object.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldName, like, nonEmpty, ratio, size, whole } from "../schema/values.ts";
import { logsUrlOrFlag } from "./collector.ts";

const STREAMS: readonly unknown[] = ["stderr", "stdout", undefined];

/** A file takes a runtime that has files. */
const needsFiles = {
  needs: (given: unknown): readonly Capability[] => (STREAMS.includes(given) ? [] : ["log-file"]),
};

const output: Schema<string> = nonEmpty('"stderr", "stdout" or the path of a file');

const level = oneOf("debug", "info", "warning", "error", "off");

const category = like('a category such as "upstream" or "upstream.health"', "^[a-z]+(\\.[a-z]+)*$");

const requests = oneOf("all", "failed", "none");

const access: Schema<AccessLogConfig> = object("AccessLogConfig", {
  requests: defaulted(
    requests,
    "failed",
    "Which requests get a line: all of them, those that failed by fault of an upstream or of the proxy, or none.",
  ),
  format: defaulted(
    oneOf("auto", "json", "text", "common", "combined"),
    "auto",
    '"auto" is text on a terminal and JSON elsewhere; "common" and "combined" are what Apache and nginx write.',
  ),
  output: optional(output, "Where these lines go. Where `log.output` goes unless set.", needsFiles),
  sample: defaulted(
    ratio(0, 1),
    1,
    "Share of the requests without error, and with a status below 500, that get a line.",
  ),
  perSecond: optional(
    orUnlimited(whole(1, 1_000_000)),
    'Most lines a second; what is left out is counted, and the count logged. Unless set 20 where only failed requests are logged, else "unlimited".',
  ),
  headers: defaulted(
    listOf("a list of header names", fieldName("a header name")),
    [],
    "Further request headers that lines hold, as JSON or text. Values of credentials are masked.",
  ),
});

const names = (expects: string): Schema<readonly string[]> => listOf(expects, nonEmpty("a name"));

const redact: Schema<RedactionConfig> = object("RedactionConfig", {
  query: defaulted(
    names("a list of query parameters"),
    [],
    'Query parameters whose values are masked, besides those whose name is a credential\'s (token, key, session, …); "*" is all.',
  ),
  params: defaulted(
    names("a list of path parameters"),
    ["*"],
    "Parameters of routes' paths whose values are replaced by their name, besides those whose name is a credential's; \"*\" is all.",
  ),
  headers: defaulted(
    listOf("a list of header names", fieldName("a header name")),
    [],
    "Headers whose values are masked, besides those whose name is a credential's.",
  ),
});

const rotate: Schema<LogRotation> = object("LogRotation", {
  size: required(size(1024), "Size from which on a file is put aside, as `name.1`, and a new one begun."),
  keep: defaulted(whole(1, 1_000), 5, "Files that are kept besides the one that is written."),
});

const accessShort = '"all", "failed", "none" or an object';

export const log: Schema<LogConfig> = object("LogConfig", {
  output: defaulted(
    output,
    "stderr",
    'Where events go: "stderr", "stdout" or the path of a file.',
    needsFiles,
  ),
  format: defaulted(
    oneOf("auto", "json", "text"),
    "auto",
    'How events are written: JSON, a line each, or readable text. "auto" is text on a terminal and JSON elsewhere.',
  ),
  level: defaulted(level, "info", 'Least level of events that are written; "off" writes none.'),
  levels: defaulted(
    mapOf("an object of categories and levels", category, level),
    {},
    "Levels of single categories, such as `upstream.health`, or of all below `upstream`.",
  ),
  access: defaulted(shortFor(accessShort, "requests", requests, access), {}, "Lines about requests."),
  otlp: defaulted(
    logsUrlOrFlag,
    false,
    "Send all that is logged to a collector too, as log records: true for that of `telemetry.otlp`, or the URL of another.",
  ),
  redact: defaulted(redact, {}, "What is masked in lines about requests and in spans."),
  rotate: optional(rotate, "When files are put aside. Never unless set.", { needs: "log-file" }),
});
