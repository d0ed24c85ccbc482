/** Matches of routes in words. */
import type { RouteMatch } from "./match.ts";

/** `GET,HEAD api.example.com/v1/*`; headers, query and cookies are counted, not shown. */
export const matchText = (match: RouteMatch): string => {
  const methods = match.methods === undefined ? "" : `${match.methods.join(",")} `;
  const hosts = match.hosts === undefined ? "" : match.hosts.join(",");
  const more = match.headers.length + match.query.length + match.cookies.length;
  const conditions = more === 0 ? "" : ` (+${more} ${more === 1 ? "condition" : "conditions"})`;
  return `${methods}${hosts}${pathText(match.path)}${conditions}`;
};

const pathText = (path: RouteMatch["path"]): string => {
  if (path === undefined) return "/*";
  if (path.kind === "regex") return ` ~ ${path.value}`;
  if (path.kind !== "prefix") return path.value;
  return path.value.endsWith("/") ? `${path.value}*` : `${path.value}/*`;
};
