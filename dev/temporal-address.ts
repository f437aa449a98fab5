import { connect } from 'node:net';
import { StackError } from './error.ts';

const CONNECT_MS = 5000;

/**
 * Checks that a server listens at `TEMPORAL_ADDRESS`, so that a wrong address is reported before anything starts.
 * @throws StackError when none does.
 */
export async function checkTemporalAddress(address: string): Promise<void> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined || port === undefined) throw new StackError('TEMPORAL_ADDRESS must be host:port');
  const failure = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: CONNECT_MS });
    const settle = (result?: string) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle());
    socket.once('timeout', () => settle(`no answer in ${CONNECT_MS / 1000} s`));
    socket.once('error', (error) => settle(error.message));
  });
  if (failure !== undefined) {
    throw new StackError(
      `no Temporal at ${address} (${failure}); start it, or unset TEMPORAL_ADDRESS to let this command start one`,
    );
  }
}
