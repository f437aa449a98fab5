type Step = () => Promise<void> | void;

/** Runs `work` between `fail` and `mend`. `mend` always runs, because other tests need what it repairs. */
export async function during<T>([fail, mend]: readonly [fail: Step, mend: Step], work: () => Promise<T>): Promise<T> {
  await fail();
  try {
    return await work();
  } finally {
    await mend();
  }
}
