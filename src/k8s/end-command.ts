/**
 * How a command in a pod is ended. On v5 neither close nor a lost connection ends it, and on v4 a lost connection
 * kills its first process alone. So the command is started by a shell that first says its pid,
 * and a second exec sends signals to it, its descendants, and the session that runc makes for each exec.
 */

/** What became of it: it was gone already, ended on TERM, was killed, is still there, or nobody could look. */
export type CommandEnd = 'gone' | 'ended' | 'killed' | 'left' | 'unknown';

export interface StartedCommand {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat; a pid alone may be another process by now. */
  readonly startTime: string;
}

const PID_LINE = /^heapdump-bot-pid (\d+) (\d+)\n$/;
const NO_COMMAND_LINE = 'heapdump-bot-no-command\n';
/** Longer than either line: whatever comes first on stderr and is longer is the command's own. */
const LONGEST_LINE = 80;

const ANNOUNCE = `
started=$(read -r stat < "/proc/$$/stat" && set -- \${stat##*)} && echo "\${20}")
command -v "$1" > /dev/null 2>&1 || { echo heapdump-bot-no-command >&2; exit 127; }
echo "heapdump-bot-pid $$ \${started:-0}" >&2
exec "$@"`;

export const announcingArgv = (argv: readonly string[]): readonly string[] => [
  'sh',
  '-c',
  ANNOUNCE,
  'sh',
  ...argv,
];

export type FirstLine =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'started'; readonly command: StartedCommand; readonly rest: Buffer }
  | { readonly kind: 'no-command' }
  | { readonly kind: 'foreign' };

/** Reads what ANNOUNCE wrote from the beginning of stderr. */
export const readFirstLine = (stderr: Buffer): FirstLine => {
  const end = stderr.indexOf('\n') + 1;
  if (end === 0) return { kind: stderr.length < LONGEST_LINE ? 'incomplete' : 'foreign' };
  const line = stderr.toString('latin1', 0, end);
  if (line === NO_COMMAND_LINE) return { kind: 'no-command' };
  const [, pid, startTime] = PID_LINE.exec(line) ?? [];
  if (pid === undefined || startTime === undefined) return { kind: 'foreign' };
  return { kind: 'started', command: { pid: Number(pid), startTime }, rest: stderr.subarray(end) };
};

/**
 * $1 pid, $2 its start time, $3 rounds to wait. `known` grows by what descends from it or belongs to its session, as
 * 'pid:start time'; a pid that by now is another process is not touched. Parents are found while they live, as their
 * children are no longer theirs after them.
 */
const END = `
pid=$1 began=$2 rounds=$3 known=$1:$2
look() {
  { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
  set -- \${stat##*)}
  state=$1 parent=$2 session=$4 start=\${20}
}
find_alive() {
  ours=
  for entry in $known; do
    look "\${entry%:*}" && [ "$start" = "\${entry#*:}" ] || continue
    case $state in Z | X) ;; *) ours="$ours \${entry%:*}" ;; esac
  done
}
find_ours() {
  leader=$pid
  if look "$pid" && [ "$start" != "$began" ]; then leader=none; fi
  while :; do
    find_alive
    before=$known
    for folder in /proc/[0-9]*; do
      one=\${folder#/proc/}
      look "$one" && [ "$start" -ge "$began" ] || continue
      case " $known " in *" $one:$start "*) continue ;; esac
      case " $ours " in *" $parent "*) ;; *) [ "$session" = "$leader" ] || continue ;; esac
      known="$known $one:$start"
    done
    [ "$known" != "$before" ] || break
  done
}
pause() { sleep 0.1 2> /dev/null || sleep 1; }
find_ours
[ -n "$ours" ] || { echo gone; exit; }
kill -TERM $ours 2> /dev/null
while [ "$rounds" -gt 0 ]; do
  find_ours
  [ -n "$ours" ] || { echo ended; exit; }
  rounds=$((rounds - 1))
  pause
done
kill -KILL $ours 2> /dev/null
for round in 1 2 3 4 5; do
  find_ours
  [ -n "$ours" ] || { echo killed; exit; }
  pause
done
echo left`;

/** @param graceMs between TERM and KILL */
export const endingArgv = (command: StartedCommand, graceMs: number): readonly string[] => [
  'sh',
  '-c',
  END,
  'sh',
  String(command.pid),
  command.startTime,
  String(Math.ceil(graceMs / 100)),
];

export const readCommandEnd = (stdout: string): CommandEnd => {
  const word = stdout.trim();
  return word === 'gone' || word === 'ended' || word === 'killed' || word === 'left' ? word : 'unknown';
};
