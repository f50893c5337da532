/**
 * Copies a text that outlives its request. Without this, a part of a text keeps the whole text in memory, such as a
 * client id the body of its request.
 */
export const ownCopy = (text: string): string => JSON.parse(JSON.stringify(text));
