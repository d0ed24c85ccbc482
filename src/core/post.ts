/** Requests of the proxy's own to collectors, outside of any exchange. */

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly timeoutMs: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Empty where it is longer than 64 KiB. */
  readonly body: Uint8Array;
}

/** Sends one. Follows no redirects. Rejects where no answer came, for whatever reason. */
export type SendPost = (post: Post) => Promise<PostAnswer>;
