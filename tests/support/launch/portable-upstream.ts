/** Tells `examples/portable.ts` its upstream where there is no process. */
import config from "fairlead-config";

const { upstreams } = config as { readonly upstreams: Readonly<Record<string, string>> };

export const upstream: string | undefined = Object.values(upstreams)[0];

Object.assign(globalThis, { process: { env: { UPSTREAM: upstream } } });
