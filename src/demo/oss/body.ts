/** The bytes of a request or an answer, on their way. */
export type Body = AsyncIterable<Buffer>;
