import { globSync, readFileSync } from "node:fs";

interface Proof {
  readonly clause: string;
  readonly behaviour: string;
  readonly file: string;
}

/** Lists the tests, suites and vectors whose titles name a clause of a specification. */
export function conformancePage(generated: string): string {
  const tests = globSync(["packages/*/test/**/*.ts", "test/**/*.ts"]).flatMap(proofsOf);
  const vectors = globSync("packages/testkit/vectors/*.json").flatMap(vectorsOf);
  const rows = [...tests, ...vectors]
    .sort(
      (a, b) =>
        a.clause.localeCompare(b.clause, "en", { numeric: true }) || a.behaviour.localeCompare(b.behaviour, "en"),
    )
    .map(({ clause, behaviour, file }) => `| ${clause} | ${behaviour} | [${file.split("/").at(-1)}](../../${file}) |`);
  return `# Conformance\n\n${generated}The clauses of specifications that Carnet implements, each with the test or vector that proves it.\n\n| clause | behaviour | proof |\n| --- | --- | --- |\n${[...new Set(rows)].join("\n")}\n`;
}

const titleWithClause =
  /\b(?:it|test|suite|describe)\(\s*(["'`])(?<title>(?:(?!\1).)+ \[(?<clauses>[^\]]*RFC ?\d+ §[^\]]*)\])\1/g;

function proofsOf(file: string): readonly Proof[] {
  return [...readFileSync(file, "utf8").matchAll(titleWithClause)].map(({ groups }) => {
    const { title = "", clauses = "" } = groups ?? {};
    // Readers would see the placeholder instead of its value
    if (title.includes("${"))
      throw new Error(`${file}: a title with a clause must not have a placeholder: put the tests in a suite: ${title}`);
    return { clause: withoutSpace(clauses), behaviour: cell(title.replace(/ \[[^\]]*\]$/, "")), file };
  });
}

function vectorsOf(file: string): readonly Proof[] {
  const { cases }: { cases: { name: string; source: string }[] } = JSON.parse(readFileSync(file, "utf8"));
  return cases
    .filter(({ source }) => /RFC ?\d+ /.test(source))
    .map(({ name, source }) => ({ clause: withoutSpace(source), behaviour: cell(name), file }));
}

const withoutSpace = (clause: string): string => clause.replace(/RFC (?=\d)/g, "RFC");

const cell = (text: string): string => text.replaceAll("|", "\\|");
