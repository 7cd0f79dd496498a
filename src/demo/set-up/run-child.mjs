import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * Runs a program with this process's own terminal and waits for its end. SIGINT, SIGTERM and SIGHUP are passed on,
 * and this process lives on until the child has tidied up.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code, or 128 + the number of the signal that ended it
 */
export async function runChild(program, args, { cwd, env = process.env }) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    // The terminal sends Ctrl-C to the whole foreground group, the child included, and npm sends it once more. A
    // second one would look to the child as if a person had lost patience.
    if (signal === 'SIGINT' && inForeground()) return;
    child.kill(signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
    });
  } finally {
    for (const signal of signals) process.off(signal, passOn);
  }
}

/** Whether this process is in the terminal's foreground group, which the terminal sends Ctrl-C to. */
function inForeground() {
  try {
    // After the name in brackets: state, parent, group, session, terminal, the terminal's foreground group.
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return process.stdin.isTTY === true;
  }
}
