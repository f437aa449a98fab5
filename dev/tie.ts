import { spawnSync } from 'node:child_process';

/** A user to run as: what root needs for PostgreSQL, which refuses to run as root. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
  /** Who changes the user: util-linux's setpriv, or the call that spawns the process. */
  readonly by: 'setpriv' | 'spawn';
  /** A Linux capability that lets the user reach files below directories closed to others, if it needs one. */
  readonly capability?: 'dac_read_search' | 'dac_override';
}

/** The signal that a child gets when we are gone, however we went: kill -9 included. */
export type DeathSignal = 'INT' | 'TERM' | 'KILL';

/**
 * How a child's life is tied to ours. Linux sends the signal itself (`prctl(PR_SET_PDEATHSIG)`, through util-linux's
 * setpriv). Elsewhere a shell stands between: it holds a pipe from us, which closes when we die.
 */
export type Tie = 'pdeathsig' | 'guard';

export type Command = readonly [string, ...string[]];

/** Which tie works on this machine: busybox's setpriv, for one, has no --pdeathsig. */
export function findTie(): Tie {
  const probe = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
  return probe.status === 0 ? 'pdeathsig' : 'guard';
}

// $1 is the death signal. The child of a shell without job control ignores SIGINT until it installs a handler of its
// own, and PostgreSQL does. KILL goes to the whole process group, so that a child's own children go too.
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

/** The command line that runs `command` tied to us, as another user if asked. */
export function tieCommand(tie: Tie, signal: DeathSignal, command: Command, user?: OsUser): Command {
  const flags = user?.by === 'setpriv' ? userFlags(user) : [];
  // One setpriv does both: a change of user clears the death signal set before it.
  if (tie === 'pdeathsig') return ['setpriv', '--pdeathsig', signal, ...flags, '--', ...command];
  const inner: Command = flags.length > 0 ? ['setpriv', ...flags, '--', ...command] : command;
  return ['/bin/sh', '-c', GUARD, 'guard', signal, ...inner];
}

/** setpriv's flags for a user. */
export function userFlags({ uid, gid, capability }: OsUser): string[] {
  const flags = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  if (!capability) return flags;
  // access(2) drops the capabilities of whoever is not root unless told not to; initdb asks it for its neighbours.
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
