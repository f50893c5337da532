/**
 * Loaded into a real `carnet serve` before it starts: makes it fail from inside, with an error that quotes a secret, as
 * a driver or a parser would. How is named by FAIL_BY, and what is quoted by QUOTED.
 */
const quoted = process.env["QUOTED"] ?? "";
delete process.env["QUOTED"]; // it is to be found in the error and nowhere else

const failures: Readonly<Record<string, () => void>> = {
  exception() {
    setImmediate(() => {
      throw Object.assign(new Error(`near "${quoted}": syntax error\n    at ${quoted}`), { parameters: [quoted] });
    });
  },
  rejection() {
    void Promise.reject(new Error(`cannot bind ${quoted}`, { cause: new Error(quoted) }));
  },
  "rejection with a text"() {
    void Promise.reject(quoted);
  },
  memory() {
    const kept: string[][] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, at) => `${quoted}${kept.length}${at}`));
  },
};

process.on("SIGHUP", () => failures[process.env["FAIL_BY"] ?? ""]?.());
