/** A route's match as people write it. */
export type { RouteMatch } from "../routing/match.ts";

type OneOrMany<T> = T | readonly T[];

/** Exact when a string; `true` asks that the name is there, `false` that it is not. */
export type ValueMatchInput = string | boolean | { readonly exact: string } | { readonly regex: string };

export interface RouteMatchInput {
  /** `api.example.com` or `*.example.com`. */
  readonly host?: OneOrMany<string> | undefined;
  /**
   * `/login` (exact), `/v1/*` (prefix, whole segments), `/users/:id` (parameters), or spelt out:
   * `{ "exact": … }`, `{ "prefix": … }`, `{ "pattern": … }`, `{ "regex": … }` (of the whole path).
   */
  readonly path?:
    | string
    | { readonly exact: string }
    | { readonly prefix: string }
    | { readonly pattern: string }
    | { readonly regex: string }
    | undefined;
  readonly method?: OneOrMany<string> | undefined;
  readonly headers?: Readonly<Record<string, ValueMatchInput>> | undefined;
  readonly query?: Readonly<Record<string, ValueMatchInput>> | undefined;
  readonly cookies?: Readonly<Record<string, ValueMatchInput>> | undefined;
}
