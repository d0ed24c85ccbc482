/** Answers of the admin app to what it does not do: RFC 9457 problems whose detail is for the operator. */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AdminContext } from "./admin-env.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Not possible now",
  413: "Content too large",
  415: "Content type not accepted",
  421: "Host not served here",
  422: "Not accepted",
  501: "Not supported here",
};

/** `more` stands beside the standard members. */
export const refusal = (
  c: AdminContext,
  status: ContentfulStatusCode,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Response => {
  c.header("content-type", "application/problem+json");
  return c.body(JSON.stringify({ status, title: TITLES[status] ?? "Failed", detail, ...more }), status);
};
