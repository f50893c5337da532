/** A token endpoint's response after reading its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The secret that was sent, to be removed from messages. */
  readonly secret: string;
}

/** Parses JSON and returns its members, none unless it is an object. Undefined if the text is not JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
