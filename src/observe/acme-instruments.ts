/** Certificates from an ACME authority. */
import { type Group, counter, gauge } from "./define-instrument.ts";

export const ACME_INSTRUMENTS: Group<"failing" | "orders"> = {
  orders: counter(
    "fairlead.acme.orders",
    "{order}",
    ["fairlead.result"],
    "Certificates asked of an ACME authority: obtained, failed or rate-limited.",
  ),
  failing: gauge(
    "fairlead.acme.failing",
    "{domain}",
    ["server.address"],
    "1 for a domain whose last attempt to obtain a certificate failed.",
  ),
};
