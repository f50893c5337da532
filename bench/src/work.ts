/** The one piece of work that all contenders do, so that figures can stand beside each other. */

/** Who asks. No secret of anybody: it is registered with each contender when the benchmark starts it. */
export const client = {
  id: process.env["BENCH_CLIENT_ID"] ?? "bench-client",
  secret: process.env["BENCH_CLIENT_SECRET"] ?? "bench-secret-0123456789abcdefghijklmnop",
} as const;

/** What is asked for: two scopes and ten minutes. */
export const scopes = ["file:read", "file:write"] as const;
export const scope = scopes.join(" ");
export const lifetime = 600;

/** The resource server that the tokens are for. */
export const audience = "https://api.bench.example";

/** The address under which each contender believes to be reached. */
export const issuerAt = (port: number): string => `http://127.0.0.1:${port}`;
