/** A request's attributes as one small number, so that its series are found without making a string. */
import { ERROR_KINDS, type ErrorCode } from "../core/errors.ts";

/** Methods that OpenTelemetry knows; all others are one. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"];
const OTHER = "_OTHER";

const methodAt: ReadonlyMap<string, number> = new Map(METHODS.map((name, index) => [name, index + 1]));
const errorAt: ReadonlyMap<string, number> = new Map(
  Object.keys(ERROR_KINDS).map((code, index) => [code, index + 1]),
);

/** The method's name in metrics: anything may be sent as a method, and each name is a series. */
export const knownMethod = (method: string): string => (methodAt.has(method) ? method : OTHER);

/** Of method, status and error. Different for different ones; below 2²⁰. */
export const requestKey = (
  method: string,
  status: number | undefined,
  error: ErrorCode | undefined,
): number => {
  const methodIndex = methodAt.get(method) ?? 0;
  const errorIndex = error === undefined ? 0 : (errorAt.get(error) ?? 0);
  return ((methodIndex << 6) | errorIndex) * 1024 + (status ?? 0);
};
