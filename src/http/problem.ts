/** Error answers for clients: RFC 9457 problem details, or the same as plain text or HTML. */
import { negotiate } from "./accept.ts";

/** All that a client is told. Nothing else may be added: whatever else is known is internal. */
export interface Problem {
  readonly status: number;
  /** Stable name of the problem. */
  readonly code: string;
  readonly title: string;
  /** For support to find the log line by; left out where unknown. */
  readonly requestId: string | undefined;
  /** The same for its trace. */
  readonly traceId?: string | undefined;
}

export interface RenderedProblem {
  readonly contentType: string;
  readonly body: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

const asJson = ({ status, code, title, requestId, traceId }: Problem): RenderedProblem => ({
  contentType: "application/problem+json",
  body: JSON.stringify({ status, title, code, requestId, traceId }),
});

/** `request id` and the like, with their values. */
const idsOf = ({ requestId, traceId }: Problem): readonly (readonly [name: string, id: string])[] =>
  (
    [
      ["request id", requestId],
      ["trace id", traceId],
    ] as const
  ).flatMap(([name, id]) => (id === undefined ? [] : [[name, id] as const]));

const asText = (problem: Problem): RenderedProblem => {
  const { status, code, title } = problem;
  const ids = idsOf(problem).map(([name, id]) => `${name}: ${id}\n`);
  return {
    contentType: "text/plain; charset=utf-8",
    body: `${status} ${title} (${code})\n${ids.join("")}`,
  };
};

/** Without style or script, so that the strictest content security policy changes nothing. */
const asHtml = (problem: Problem): RenderedProblem => {
  const heading = escape(`${problem.status} ${problem.title}`);
  const ids = idsOf(problem).map(
    ([name, id]) =>
      `<p>${name.replace(/^./, (first) => first.toUpperCase())}: <code>${escape(id)}</code></p>\n`,
  );
  return {
    contentType: "text/html; charset=utf-8",
    body: `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${heading}</title>\n<h1>${heading}</h1>\n<p><code>${escape(problem.code)}</code></p>\n${ids.join("")}</html>\n`,
  };
};

/** In order of preference; JSON also for those who ask for plain `application/json`. */
const OFFERED = ["application/problem+json", "application/json", "text/plain", "text/html"] as const;

/**
 * Renders a problem as its reader likes it best (`Accept` with weights, RFC 9110 §12.5.1): JSON (RFC 9457 §3),
 * plain text or HTML. JSON where nothing is asked for or nothing fits.
 */
export const renderProblem = (problem: Problem, accept: string | undefined): RenderedProblem => {
  switch (negotiate(accept, OFFERED)) {
    case "text/plain":
      return asText(problem);
    case "text/html":
      return asHtml(problem);
    case "application/problem+json":
    case "application/json":
    case undefined:
      return asJson(problem);
  }
};
