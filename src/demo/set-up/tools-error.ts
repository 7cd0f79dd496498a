export type ToolsErrorCode = 'no-apt' | 'offline' | 'download' | 'broken';

/** The tools that the demo needs are not to be had; the message says what to do. */
export class ToolsError extends Error {
  override readonly name = 'ToolsError';
  readonly code: ToolsErrorCode;

  constructor(code: ToolsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
