/** Block Kit comes as JSON of any shape: what is missing or of another kind is read as nothing. */

export type Json = { readonly [key: string]: unknown };

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Of a text object of Slack's. */
export const wordsOf = (value: unknown): string => (isJson(value) ? textOf(value.text) : '');
