/** Which clients send the requests of a load, and with which secrets. */
export type Callers =
  | { readonly kind: "one"; readonly id: string; readonly secret: string }
  | { readonly kind: "registry"; readonly size: number; readonly sampling: "each-once" | "uniform" | "zipf" };

/** What a token request for one contender looks like. */
export interface RequestShape {
  readonly path: string;
  readonly scope: string;
  /** Further form parameters, such as a resource. */
  readonly parameters: Readonly<Record<string, string>>;
}

const extra = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
    .join("");

/** Returns a function that renders the raw request of a client. */
export function requestWriter(
  { path, scope, parameters }: RequestShape,
  port: number,
): (id: string, secret: string) => string {
  const start = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: `;
  const rest = `&scope=${encodeURIComponent(scope)}${extra(parameters)}`;
  return (id, secret) => {
    const body = `grant_type=client_credentials&client_id=${id}&client_secret=${secret}${rest}`;
    return `${start}${body.length}\r\n\r\n${body}`;
  };
}
