import { spawnSync } from 'node:child_process';

/** A user to run a command as. Root needs one for PostgreSQL, which refuses to run as root. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
  /** What changes the user: util-linux's setpriv, or the options of `spawn`. */
  readonly by: 'setpriv' | 'spawn';
  /** The Linux capability, if needed, to reach files below a directory that other users cannot enter. */
  readonly capability?: 'dac_read_search' | 'dac_override';
}

/** The signal that a child gets when this process ends for any reason, including kill -9. */
export type DeathSignal = 'INT' | 'TERM' | 'KILL';

/**
 * How a child is ended when this process ends. On Linux the kernel sends the signal (`prctl(PR_SET_PDEATHSIG)`, through
 * util-linux's setpriv). Elsewhere a shell between the two reads a pipe that closes when this process ends.
 */
export type Tie = 'pdeathsig' | 'guard';

export type Command = readonly [string, ...string[]];

/** @returns the tie that works on this machine: some setpriv, such as that of busybox, have no --pdeathsig */
export function findTie(): Tie {
  const probe = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
  return probe.status === 0 ? 'pdeathsig' : 'guard';
}

// $1 is the death signal. The child of a shell without job control ignores SIGINT until it installs its own handler, as
// PostgreSQL does. KILL is sent to the whole process group, so that it also ends the child's children.
const GUARD = `
signal=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
trap 'kill -INT "$child"' INT
trap 'kill -TERM "$child"' TERM
trap 'kill -QUIT "$child"' QUIT
{
  read -r _ <&3
  if [ "$signal" = KILL ]; then kill -KILL 0; else kill -"$signal" "$child"; fi
} &
watcher=$!
while wait "$child"; code=$?; kill -0 "$child"; do :; done 2>/dev/null
kill "$watcher"
exit "$code"
`;

/** @returns the command line that runs `command` tied to this process, as `user` if given */
export function tieCommand(tie: Tie, signal: DeathSignal, command: Command, user?: OsUser): Command {
  const flags = user?.by === 'setpriv' ? userFlags(user) : [];
  // One setpriv does both, because changing the user clears an earlier death signal.
  if (tie === 'pdeathsig') return ['setpriv', '--pdeathsig', signal, ...flags, '--', ...command];
  const inner: Command = flags.length > 0 ? ['setpriv', ...flags, '--', ...command] : command;
  return ['/bin/sh', '-c', GUARD, 'guard', signal, ...inner];
}

/** @returns the flags of setpriv for a user */
export function userFlags({ uid, gid, capability }: OsUser): string[] {
  const flags = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  if (!capability) return flags;
  // Without this securebit access(2) ignores the capabilities of a user other than root; initdb checks its files with it.
  return [
    ...flags,
    '--securebits',
    '+no_setuid_fixup',
    '--inh-caps',
    `+${capability}`,
    '--ambient-caps',
    `+${capability}`,
  ];
}
