/** Requests as a server that speaks fetch hands them over. */
import type { Peer } from "../../src/core/arrival.ts";
import type { Cancellation } from "../../src/core/cancellation.ts";
import { WebArrival } from "../../src/core/web-arrival.ts";
import { declaresContent } from "../../src/http/framing.ts";
import { firstValue } from "../../src/http/headers.ts";
import { targetOf } from "../../src/http/url-text.ts";

/** Unless the app put another in its place, its URL and its fields are what came over the wire. */
export abstract class FetchArrival extends WebArrival {
  protected abstract override readPeer(): Peer;
  protected abstract override makeCancellation(): Cancellation;

  /**
   * Whether the URL's authority was read off the request line: it may differ from `Host`, which then is an error.
   * Otherwise it is made from `Host` and says nothing more.
   */
  protected get urlTellsAuthority(): boolean {
    return false;
  }

  override get target(): string {
    return targetOf(this.url);
  }
  /** For `screen`. Undefined without a `Host` field, as a server puts its own name there then. */
  override get authority(): string | undefined {
    if (!this.urlTellsAuthority || firstValue(this.pairs, "host") === undefined) return undefined;
    return super.authority;
  }
  /**
   * By the framing: a body object may be there without content, and missing with it (GET). Content without framing is
   * the app's own, which says of what type it is.
   */
  override get present(): boolean {
    if (declaresContent(this.pairs)) return true;
    return (
      firstValue(this.pairs, "content-type") !== undefined &&
      firstValue(this.pairs, "content-length") === undefined &&
      super.present &&
      this.mayBeOfApp
    );
  }
  /** Whether a request that has a body without framing may be one that the app made. */
  protected get mayBeOfApp(): boolean {
    return true;
  }
}
