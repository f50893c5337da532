/** The port that the harness chose for this contender. */
export const port: number = Number(process.env["PORT"]);
if (!Number.isInteger(port)) throw new Error("PORT is not set: the harness starts this file, people do not");
