/**
 * Input that ends by itself. v4 cannot end a command's stdin, so `head` in the pod counts the bytes
 * and its end is the command's end of input. The script is constant; size and command are arguments.
 */
const SCRIPT = 'size=$1; shift; head -c "$size" | "$@"';

/** @returns argv whose command sees exactly `sizeBytes` of the stdin and then its end; the exit code is its own */
export const lengthFramedArgv = (argv: readonly string[], sizeBytes: number): readonly string[] => [
  'sh',
  '-c',
  SCRIPT,
  'sh',
  String(sizeBytes),
  ...argv,
];
