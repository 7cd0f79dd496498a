import { type Logger as PinoLogger, pino } from 'pino';
import { redact } from './redact.ts';

export type Logger = PinoLogger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * One JSON object a line. Messages are static, what varies stands in fields: `log.warn({ requestId }, 'dump step failed')`.
 * @param write where lines go; standard output unless told
 */
export function createLogger(options: {
  name: string;
  level: LogLevel;
  write?: (line: string) => void;
}): Logger {
  const settings = {
    name: options.name,
    level: options.level,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors come as plain objects; pino's own serializer would fold a cause into the message and lose its code.
    serializers: { err: (error: unknown) => error },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      // Before serialisation, so that no field and no nested error is missed.
      logMethod(
        this: PinoLogger,
        args: Parameters<PinoLogger['info']>,
        method: (...args: Parameters<PinoLogger['info']>) => void,
      ) {
        const [first, ...rest] = args as unknown as [unknown, ...unknown[]];
        const fields = first instanceof Error ? { err: redact(first) } : redact(first);
        method.apply(this, [fields, ...rest.map(redact)] as unknown as Parameters<PinoLogger['info']>);
      },
      // The fields of a child pass here alone.
      streamWrite: (line: string) => `${JSON.stringify(redact(JSON.parse(line)))}\n`,
    },
  };
  return options.write === undefined ? pino(settings) : pino(settings, { write: options.write });
}
