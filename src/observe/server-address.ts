/** OpenTelemetry's two attributes for where an endpoint is. */
import type { AttributeValues } from "./instrument.ts";

export interface ServerAddress {
  /** Host name, IP address without brackets, or the path of a socket. */
  readonly address: string;
  /** Undefined for sockets. */
  readonly port: number | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** @param endpoint `http://host:port`, or a socket's path. */
export const serverAddress = (endpoint: string): ServerAddress => {
  if (!/^https?:/.test(endpoint)) return { address: endpoint, port: undefined };
  const { hostname, port, protocol } = new URL(endpoint);
  const address = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return { address, port: port === "" ? DEFAULT_PORTS[protocol] : Number(port) };
};

/** Values of the attributes `ENDPOINT` of an instrument. */
export const endpointValues = (upstream: string, endpoint: string): AttributeValues => {
  const { address, port } = serverAddress(endpoint);
  return [upstream, address, port];
};
