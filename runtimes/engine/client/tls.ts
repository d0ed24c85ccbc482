/** TLS towards an endpoint. */
import { type Socket, isIP } from "node:net";
import {
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
  checkServerIdentity,
  connect,
  createSecureContext,
} from "node:tls";
import type { EndpointTls } from "../../../src/core/endpoint.ts";
import { PacedSocket } from "../paced-socket.ts";

/** Makes TLS connections of TCP connections. What is the same for all of an endpoint is made once. */
export interface TlsClient {
  /** Begins the handshake. The result has a listener for `error` before anything can happen. */
  wrap(socket: Socket): TLSSocket;
}

const ignore = (): void => {};

/** The name without the dot that marks it as absolute: neither SNI (RFC 6066 §3) nor certificates have it. */
const withoutDot = (name: string): string => (name.endsWith(".") ? name.slice(0, -1) : name);

export interface TlsClientOptions {
  /** Of the endpoint's URL, an IPv6 address without brackets. */
  readonly host: string;
  /** Whether TLS is put over a stream that can be paused, because the runtime's TLS can't. */
  readonly isPaced: boolean;
}

export const tlsClient = (settings: EndpointTls, { host, isPaced }: TlsClientOptions): TlsClient => {
  const name = withoutDot(settings.serverName ?? host);
  let context: SecureContext | undefined;
  let session: Buffer | undefined;
  const options = (): ConnectionOptions => ({
    secureContext: (context ??= contextOf(settings)),
    // Addresses are never asked for by SNI (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : "",
    // The runtimes check against different names where the socket is given and SNI is empty.
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
    rejectUnauthorized: settings.verify,
    ALPNProtocols: ["http/1.1"],
    ...(session === undefined ? {} : { session }),
  });
  return {
    wrap(socket) {
      const paced = isPaced ? new PacedSocket(socket) : undefined;
      const secured = connect({ ...options(), socket: paced ?? socket });
      paced?.paceBy(secured);
      secured.on("error", ignore);
      secured.on("session", (ticket: Buffer) => {
        session = ticket;
      });
      return secured;
    },
  };
};

const contextOf = ({ ca, cert, key }: EndpointTls): SecureContext =>
  createSecureContext({
    // Replaces the authorities that the runtime trusts, where it is set.
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
