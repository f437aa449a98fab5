/**
 * Runs tasks in parallel. When one fails, `failing` is aborted with its error, and the others should stop. The first error
 * is thrown after all tasks have ended, so that none goes on running.
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
