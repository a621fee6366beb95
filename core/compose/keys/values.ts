// Looks at values that may be of any kind.

/** True for text that a pattern matches. */
export const isMatching = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)
