/**
 * Runs tasks side by side. When one fails, `failing` is aborted with its error, which the others are expected to heed;
 * only when all of them have come to an end is that first error thrown, so nothing goes on behind the caller's back.
 */
export async function together<const Tasks extends readonly Promise<unknown>[]>(
  failing: AbortController,
  ...tasks: Tasks
): Promise<{ -readonly [Index in keyof Tasks]: Awaited<Tasks[Index]> }> {
  const guarded = tasks.map((task) =>
    task.catch((error: unknown) => {
      failing.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(guarded);
  failing.signal.throwIfAborted();
  return Promise.all(tasks);
}
