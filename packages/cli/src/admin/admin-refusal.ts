import type { Problem } from "@carnet/protocol/admin/problems";

/** The admin API refused an operation. The message is the problem's `detail`, which holds no secret. */
export class AdminRefusal extends Error {
  override readonly name = "AdminRefusal";
  readonly problem: Problem;
  readonly method: string;
  /** The path of the request, after the admin API's own. */
  readonly path: string;

  constructor(problem: Problem, method: string, path: string) {
    super(problem.detail);
    this.problem = problem;
    this.method = method;
    this.path = path;
  }
}

/** The problem that a response describes. */
export async function readProblem(response: Response): Promise<Problem> {
  const fallback = unexpectedResponse(response.status, response.headers);
  const text = await response.text();
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) return fallback;
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

/** The problem for a response that does not come from an admin API. */
export const unexpectedResponse = (status: number, headers: Headers): Problem => ({
  type: "about:blank",
  title: "The service refused",
  status,
  detail: `the response (status ${status}) does not come from an admin API. Check that this is the address of a Carnet service`,
  request_id: headers.get("X-Request-ID") ?? "",
});
