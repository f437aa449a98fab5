/**
 * In ms: a timer that fires so `late` means that this process was busy, and that the answer may have come `unread`. It is
 * then waited for a moment longer.
 */
const BUSY = { late: 20, unread: 20 } as const;

/** The answer, or what `late` returns or throws if the answer takes longer than `milliseconds`. */
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
