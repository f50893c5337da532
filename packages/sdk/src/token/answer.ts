/** A token endpoint's answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The secret that was sent, to take out of what is shown. */
  readonly secret: string;
}

/** The members of a JSON text, of which only an object has any; undefined for what is no JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
