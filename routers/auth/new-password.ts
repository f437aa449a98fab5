import { byAddress, spend, takeFailures, type CountedCall } from '../procedures/limits.ts';

/**
 * Refuses a new password that is too weak. Counted before anything is scored: by its holder, as every new password, and by
 * holder and address as one that is too weak.
 * @param holder `user …` or `link …`: who sets it, or the mailed link that proves them
 * @throws AppError `PASSWORD_TOO_WEAK`, `RATE_LIMITED`, `OVERLOADED`
 */
export async function assertNewPassword(
  ctx: CountedCall,
  holder: `user ${string}` | `link ${string}`,
  password: string,
  userInputs: readonly string[],
): Promise<void> {
  await spend(ctx, ['passwordsByHolder', holder]);
  await takeFailures(
    ctx,
    [byAddress(ctx, 'weakPasswordsByAddress'), ['weakPasswordsByHolder', holder]],
    ['PASSWORD_TOO_WEAK'],
    () => ctx.passwords.assertStrong(password, userInputs),
  );
}
