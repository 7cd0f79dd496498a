export interface Instruction {
  /** In capitals: COPY. */
  name: string;
  /** --from=build → { from: 'build' } */
  flags: Record<string, string>;
  /** Words, or the strings of the JSON form. */
  args: string[];
  /** All after the name and its flags. */
  text: string;
}

export interface Stage {
  image: string;
  name: string | null;
  instructions: Instruction[];
}

/** Reads what our Dockerfile is written in: instructions, continued lines, comments, the JSON form; no heredocs. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  const withoutComments = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');
  for (const line of withoutComments.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '') continue;
    const [, name = '', flagText = '', rest = ''] =
      /^\s*(\w+)((?:\s+--[\w-]+=\S+)*)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction: ${line}`);
    const flags = Object.fromEntries(
      [...flagText.matchAll(/--([\w-]+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
    );
    const args: string[] = rest.startsWith('[') ? JSON.parse(rest) : rest.trim().split(/\s+/);
    if (name.toUpperCase() === 'FROM') {
      const [image = '', , alias = null] = args;
      stages.push({ image, name: alias, instructions: [] });
      continue;
    }
    stages.at(-1)?.instructions.push({ name: name.toUpperCase(), flags, args, text: rest });
  }
  return stages;
}

/** Whether a path is sent to the builder: the last pattern that fits counts, as with .dockerignore itself. */
export function isSentToBuilder(dockerignore: string, path: string): boolean {
  let sent = true;
  for (const line of dockerignore.split('\n').map((part) => part.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    if (pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)) sent = line.startsWith('!');
  }
  return sent;
}
