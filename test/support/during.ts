type Step = () => Promise<void> | void;

/** What is done while something fails. It is mended whatever happens: other tests need it. */
export async function during<T>([fail, mend]: readonly [fail: Step, mend: Step], work: () => Promise<T>): Promise<T> {
  await fail();
  try {
    return await work();
  } finally {
    await mend();
  }
}
