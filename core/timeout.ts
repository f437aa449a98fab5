/**
 * In ms. If the timer fires this `late`, the process was busy, and the answer may have arrived without being read. Then
 * `within` waits this long (`unread`) for it.
 */
const BUSY = { late: 20, unread: 20 } as const;

/** @returns the answer; what `late` returns or throws if the answer takes longer than `milliseconds` */
export function within<T, Late>(milliseconds: number, late: () => Late, answer: Promise<T>): Promise<T | Late> {
  return new Promise((resolve, reject) => {
    const due = performance.now() + milliseconds;
    const expire = (): void => resolve(Promise.resolve().then(late));
    let timer = setTimeout(() => {
      if (performance.now() < due + BUSY.late) expire();
      else timer = setTimeout(expire, BUSY.unread);
    }, milliseconds);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
