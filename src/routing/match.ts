/**
 * What a route matches. Everything given must hold; semantics follow Kubernetes' Gateway API `HTTPRoute` (v1),
 * with path patterns and cookies added.
 */

/** Hosts: exact, or one leading wildcard label (`*.example.com`, which matches one or more labels). Lower-case, no port. */
export interface RouteMatch {
  /** Any of these; undefined is every host. */
  readonly hosts: readonly string[] | undefined;
  readonly path: PathMatch | undefined;
  /** Any of these; undefined is every method. */
  readonly methods: readonly string[] | undefined;
  /** All of these. Names lower-case. */
  readonly headers: readonly ValueMatch[];
  /** All of these. Names case-sensitive; the first value of a repeated name counts. */
  readonly query: readonly ValueMatch[];
  /** All of these. Names case-sensitive. */
  readonly cookies: readonly ValueMatch[];
}

/**
 * - exact: the whole path, e.g. `/login`.
 * - prefix: whole segments; `/v1` (written `/v1/*`) matches `/v1`, `/v1/` and `/v1/x`, not `/v10`.
 * - pattern: segments, `/users/:id/files`; `:id` and a `*` each take one that is not empty. A trailing `/*` lets more
 *   segments follow.
 * - regex: an expression for the whole path; its named groups are parameters.
 */
export interface PathMatch {
  readonly kind: "exact" | "prefix" | "pattern" | "regex";
  readonly value: string;
}

/** How one named value is compared. */
export interface ValueMatch {
  readonly name: string;
  readonly test:
    | { readonly kind: "exact"; readonly value: string }
    /** Anywhere in the value unless anchored. */
    | { readonly kind: "regex"; readonly source: string }
    | { readonly kind: "present"; readonly value: boolean };
}
