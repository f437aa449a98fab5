/** A limit over time: at most `tokens` calls within a sliding window of `seconds`. */
export interface Window {
  tokens: number;
  seconds: number;
}

/** A window with a name. The keys of each name are counted separately. */
export interface NamedWindow extends Window {
  name: string;
}

/** What is left of a limit after a call was counted. */
export interface Count {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** The end of the window, in ms since the epoch. */
  resetAt: number;
}

/** A count that can be undone. */
export interface Taken extends Count {
  /** Undoes the count. Does nothing if the call was refused, or if the window has ended. */
  refund(): Promise<void>;
}

/**
 * Counts calls by key within a sliding window. The calls of the clock's previous minute or hour count in proportion to the
 * part of it that the sliding window still covers.
 */
export interface Counter {
  count(window: NamedWindow, key: string): Promise<Taken>;
}
