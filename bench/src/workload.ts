// The same work for all contenders, so that their figures are comparable.

/** The client. It is registered with each contender at the start, so the secret protects nothing. */
export const client = {
  id: process.env["BENCH_CLIENT_ID"] ?? "bench-client",
  secret: process.env["BENCH_CLIENT_SECRET"] ?? "bench-secret-0123456789abcdefghijklmnop",
} as const;

/** The requested scopes. */
export const scopes = ["file:read", "file:write"] as const;
export const scope = scopes.join(" ");
export const lifetime = 600;

/** The audience of the tokens. */
export const audience = "https://api.bench.example";

/** The issuer of each contender. */
export const issuerAt = (port: number): string => `http://127.0.0.1:${port}`;
