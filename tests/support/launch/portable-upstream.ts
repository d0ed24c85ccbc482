/** Tells `examples/portable.ts` its upstream where there is no process. */
import config from "fairlead-config";

interface Told {
  readonly upstreams: Readonly<Record<string, string>>;
  readonly telemetry?: { readonly otlp: { readonly endpoint: string } };
}

const { upstreams, telemetry } = config as Told;

export const upstream: string | undefined = Object.values(upstreams)[0];

const env = { UPSTREAM: upstream, OTEL_EXPORTER_OTLP_ENDPOINT: telemetry?.otlp.endpoint };
Object.assign(globalThis, { process: { env } });
