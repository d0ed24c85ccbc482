/** A guess of V8's about memory that is wrong for proxies. */
import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

/**
 * Where objects of one place in the code outlived a few collections, V8 has later ones of that place born old. Under load
 * exchanges in flight do outlive some, and from then on each exchange has a part that is born old, keeps all the rest of
 * it from being collected young, and makes a fifth to a third of all CPU time the garbage collector's.
 *
 * For the whole process. Throws nothing and does no harm when called again.
 */
export const stopPretenuring = (): void => {
  // V8 takes cached code only under the flags it was written with: what is loaded by now is written before they change.
  flushCompileCache();
  setFlagsFromString("--no-allocation-site-pretenuring");
};
