/** Method matches. A route that takes GET takes HEAD (RFC 9110 §9.3.2 makes them one resource); nothing else is implied. */

/** Undefined takes every method. */
export type Methods = ReadonlySet<string> | undefined;

export const allowsMethod = (methods: Methods, method: string): boolean =>
  methods === undefined || methods.has(method) || (method === "HEAD" && methods.has("GET"));

/** How closely `methods`, which allow `method`, name it: 2 itself, 1 some (HEAD by way of GET), 0 every. */
export const rankMethod = (methods: Methods, method: string): number => {
  if (methods === undefined) return 0;
  return method === "HEAD" && !methods.has("HEAD") ? 1 : 2;
};

/** What `Allow` (RFC 9110 §10.2.1) says about `methods`. */
export const addAllowed = (allow: Set<string>, methods: Methods): void => {
  for (const method of methods ?? []) {
    allow.add(method);
    if (method === "GET") allow.add("HEAD");
  }
};
