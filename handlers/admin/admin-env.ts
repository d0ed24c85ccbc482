/** What requests to the admin app have with them. */
import type { Context, MiddlewareHandler } from "hono";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Actor } from "../control.ts";

/** Of Hono's context in the admin app and in apps below it. */
export type AdminEnv = {
  Bindings: { readonly exchange: Exchange };
  Variables: {
    /** Set for requests that were let in; health pages answer others too. */
    actor: Actor;
  };
};

export type AdminContext = Context<AdminEnv>;
export type AdminHandler = MiddlewareHandler<AdminEnv>;
