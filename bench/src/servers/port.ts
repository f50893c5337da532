/** The port that the benchmark chose for this contender. */
export const port: number = Number(process.env["PORT"]);
if (!Number.isInteger(port)) throw new Error("PORT is not set. The benchmark starts this file; do not run it by hand");
