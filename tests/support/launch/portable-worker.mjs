// Modules run in this order. An import without a name would be left out of the bundle: the package declares no side effects.
import { upstream } from "./portable-upstream.ts";
import app from "../../../examples/portable.ts";

if (upstream === undefined) throw new Error("no upstream");

// oxlint-disable-next-line import/no-default-export -- what a Worker is
export default app;
