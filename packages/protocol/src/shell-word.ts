/** Quotes a text as one word of a shell command if necessary, so that a name in a printed command cannot run another. */
export const quoted = (text: string): string =>
  /^[\w.,/:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
