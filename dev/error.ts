/** The stack cannot start or continue. The message is one line for the user; `tail` holds the last output of the part. */
export class StackError extends Error {
  override readonly name = 'StackError';
  readonly tail: readonly string[];

  constructor(message: string, tail: readonly string[] = []) {
    super(message);
    this.tail = tail;
  }
}

/** Whether an error of the operating system has this code, as in `EEXIST`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
