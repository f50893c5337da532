// Collects the public declarations of a package from the compiler's output: the exports of its entry points and the types
// that they mention.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { readManifest } from "../pack/manifest.ts";

/** One declaration. `doc` is its doc comment without the delimiters. */
export interface Declaration {
  readonly name: string;
  readonly entries: readonly string[];
  readonly doc: string;
  /** The declaration, including the comments of its members. */
  readonly text: string;
}

const ROOT = resolve(import.meta.dirname, "../..");
const PROTOCOL = join(ROOT, "packages/protocol/dist");
const DECLARED =
  /(?<doc>\/\*\*(?:(?!\*\/).)*\*\/\s*)?export (?:declare )?(?:abstract )?(?:class|interface|type|function|const) (?<name>\w+)(?<rest>.*?)(?:\n\}|;)(?=\n(?:export|\/\*\*|interface|declare|$))/gs;

/** Compiles the declarations of a package such as `packages/sdk` and reads them, sorted by name. */
export function publicDeclarations(source: string): Declaration[] {
  const folder = mkdtempSync(join(tmpdir(), "carnet-api-"));
  try {
    const compiler = join(ROOT, "node_modules/.bin/tsc");
    execFileSync(compiler, ["-b", join(ROOT, "packages/protocol")]);
    const options = ["--outDir", folder, "--emitDeclarationOnly", "--composite", "false", "--incremental", "false"];
    execFileSync(compiler, ["-p", join(ROOT, source), "--tsBuildInfoFile", "null", ...options]);
    return collect(folder, entriesOf(source));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The declaration file of each entry point, from the published manifest. */
function entriesOf(source: string): Readonly<Record<string, string>> {
  const { name, publishConfig } = readManifest(source);
  const exported = Object.entries(Object(publishConfig["exports"])).filter(([entry]) => entry !== "./package.json");
  return Object.fromEntries(
    exported.map(([entry, files]) => [name + entry.slice(1), String(Object(files).types).replace("./dist/", "")]),
  );
}

interface Found {
  readonly name: string;
  readonly file: string;
  readonly doc: string;
  readonly text: string;
}

function collect(folder: string, entries: Readonly<Record<string, string>>): Declaration[] {
  const found = new Map<string, Found & { readonly entries: Set<string> }>(); // two entry points can export one name
  const visit = (file: string, name: string, entry: string | undefined): void => {
    const known = found.get(`${file} ${name}`);
    if (known !== undefined) {
      if (entry !== undefined) known.entries.add(entry);
      return;
    }
    const declaration = declarationsOf(file).get(name);
    if (declaration === undefined) return;
    found.set(`${file} ${name}`, { ...declaration, entries: new Set(entry === undefined ? [] : [entry]) });
    const imports = importsOf(file);
    for (const [word] of declaration.text.replaceAll(/\/\*\*.*?\*\//gs, "").matchAll(/\b[A-Z]\w+\b/g)) {
      visit(imports.get(word) ?? file, word, undefined);
    }
  };
  for (const [entry, file] of Object.entries(entries)) {
    const path = join(folder, file);
    for (const [name, source] of importsOf(path, "export")) visit(source, name, entry);
    for (const name of declarationsOf(path).keys()) visit(path, name, entry);
  }
  return [...found.values()]
    .map(({ name, doc, text, entries }) => ({ name, doc, text, entries: [...entries] }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Maps each imported or re-exported name of a file to its source file. With `export`, only the re-exported names. */
function importsOf(file: string, statement: "import|export" | "export" = "import|export"): Map<string, string> {
  const names = new Map<string, string>();
  const text = readFileSync(file, "utf8");
  const statements = new RegExp(
    `(?:${statement})(?: type)? \\{(?<names>[^}]*)\\} from "(?<from>[^"]*?)(?:\\.ts)?"`,
    "g",
  );
  for (const { groups } of text.matchAll(statements)) {
    const from = String(groups?.["from"]).replace("@carnet/protocol", PROTOCOL);
    if (!/^[./]/.test(from)) continue; // Another package documents its own types.
    const source = resolve(dirname(file), `${from}.d.ts`);
    for (const name of (groups?.["names"] ?? "").split(",")) names.set(name.replace(/\btype\b/, "").trim(), source);
  }
  return names;
}

function declarationsOf(file: string): Map<string, Found> {
  const text = `${readFileSync(file, "utf8")
    .replaceAll(/^import .*\n/gm, "")
    .trim()}\n`;
  const declarations = new Map<string, Found>();
  for (const match of text.matchAll(DECLARED)) {
    const { doc = "", name = "" } = match.groups ?? {};
    declarations.set(name, { name, file, doc: stripComment(doc), text: match[0].slice(doc.length).trim() });
  }
  return declarations;
}

/** Removes the delimiters of a doc comment. */
function stripComment(comment: string): string {
  return comment
    .trim()
    .replace(/^\/\*\*|\*\/$/g, "")
    .replaceAll(/^\s*\* ?/gm, "")
    .trim();
}
