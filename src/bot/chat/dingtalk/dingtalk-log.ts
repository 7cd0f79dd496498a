/** Logging as this folder needs it: pino, or anything of its shape. */
export interface DingtalkLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
