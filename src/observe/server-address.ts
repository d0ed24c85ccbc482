/** OpenTelemetry's two attributes for where an endpoint is. */
import { hostAndPort } from "../http/url-host.ts";
import type { AttributeValues } from "./instrument.ts";

export interface ServerAddress {
  /** Host name, IP address without brackets, or the path of a socket. */
  readonly address: string;
  /** Undefined for sockets. */
  readonly port: number | undefined;
}

/** @param endpoint `http://host:port`, or a socket's path. */
export const serverAddress = (endpoint: string): ServerAddress => {
  if (!/^https?:/.test(endpoint)) return { address: endpoint, port: undefined };
  const { host, port } = hostAndPort(endpoint);
  return { address: host, port };
};

/** Values of the attributes `ENDPOINT` of an instrument. */
export const endpointValues = (upstream: string, endpoint: string): AttributeValues => {
  const { address, port } = serverAddress(endpoint);
  return [upstream, address, port];
};
