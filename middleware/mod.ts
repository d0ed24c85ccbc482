/**
 * Middleware for any Hono app, the same as a gateway uses; the package's `./middleware` entry.
 *
 * @module
 */
export {
  type BreakerEvent,
  type BreakerState,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreaker,
} from "./circuit-breaker.ts";
export {
  type ErrorBoundaryOptions,
  type ProblemContext,
  errorBoundary,
  problemFor,
  problemResponse,
} from "./error-boundary.ts";
export { type MetricsMiddleware, type MetricsOptions, metrics } from "./metrics.ts";
export { type RequestIdOptions, requestId } from "./request-id.ts";
export { type SecurityHeadersMiddlewareOptions, securityHeaders } from "./security-headers.ts";
export { type ValidationLimits, type ValidationOptions, validation } from "./validation.ts";
