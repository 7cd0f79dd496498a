/** One HTTP request with a deadline, for services that are asked without their own packages. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An answer that never came; `reason` holds no address. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code = 'no-answer';
  readonly reason: string;

  constructor(reason: string, cause: unknown) {
    super(`No answer: ${reason}`, { cause });
    this.reason = reason;
  }
}

const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 100_000;

/** Redirects are answers. @throws NoAnswer */
export async function ask(url: string, init: RequestInit, signal: AbortSignal): Promise<Answer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: deadline });
    const text = (await response.text()).slice(0, MOST_CHARACTERS);
    return { status: response.status, headers: response.headers, text };
  } catch (error) {
    throw new NoAnswer(codeIn(error), error);
  }
}

/** fetch says no more than that it failed; why stands in its cause. */
function codeIn(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'TimeoutError' || at.name === 'AbortError') return 'timeout';
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return 'network error';
}

export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
