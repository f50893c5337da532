/**
 * Preloaded into a real `carnet serve`. On SIGWINCH it fails with an error that quotes a secret, as a driver or a parser
 * could. FAIL_BY names the kind of failure, and QUOTED is the quoted secret.
 */
const quoted = process.env["QUOTED"] ?? "";
delete process.env["QUOTED"]; // the secret must be only in the error

const failures: Readonly<Record<string, () => void>> = {
  exception() {
    setImmediate(() => {
      throw Object.assign(new Error(`near "${quoted}": syntax error\n    at ${quoted}`), { parameters: [quoted] });
    });
  },
  rejection() {
    void Promise.reject(new Error(`cannot bind ${quoted}`, { cause: new Error(quoted) }));
  },
  "rejection with a string"() {
    void Promise.reject(quoted);
  },
  memory() {
    const kept: string[][] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, at) => `${quoted}${kept.length}${at}`));
  },
};

process.on("SIGWINCH", () => failures[process.env["FAIL_BY"] ?? ""]?.());
