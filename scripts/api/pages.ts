// Generates two pages from the declarations of a package: a reference with doc comments, and a report of the signatures,
// whose diff shows reviewers every change of the public API.
import { type Declaration, publicDeclarations } from "./declarations.ts";
import { undocumented } from "./undocumented.ts";

const generated = "<!-- Generated from the code by `npm run docs`. Do not edit. -->";

/** The documented declarations of a package such as `packages/sdk`. Throws if one has no doc comment. */
export function documentedApi(source: string): readonly Declaration[] {
  const declarations = publicDeclarations(source);
  const silent = undocumented(declarations);
  if (silent.length > 0) throw new Error(`Write a doc comment in ${source}/src for: ${silent.join(", ")}.`);
  return declarations;
}

interface Titled {
  readonly title: string;
  /** The guide to link to. */
  readonly guide: string;
}

/** The reference: each exported name with its doc comment and its members. */
export function referencePage(declarations: readonly Declaration[], { title, guide }: Titled): string {
  const sections = declarations.map(({ name, entries, doc, text }) => {
    const from = entries.length === 0 ? "Not exported by name." : `From \`${entries.join("` and `")}\`.`;
    return `## ${name}\n\n${from} ${linked(doc)}\n\n\`\`\`ts\n${text}\n\`\`\`\n`;
  });
  return `# ${title}\n\n${generated}\n\nSee [the guide](${guide}) for how to use it.\n\n${sections.join("\n")}`;
}

/** The report: signatures only. */
export function apiReport(declarations: readonly Declaration[], name: string): string {
  const lines = declarations.map((declaration) => bare(declaration)).join("\n\n");
  return `# The public API of ${name}\n\n${generated}\n\n\`\`\`ts\n${lines}\n\`\`\`\n`;
}

function bare({ text, entries }: Declaration): string {
  const code = text.replaceAll(/^\s*\/\*\*.*?\*\/\n/gms, "");
  return `// ${entries.length === 0 ? "not exported by name" : entries.join(", ")}\n${code}`;
}

/** Converts the tags of a doc comment to Markdown. */
function linked(doc: string): string {
  return doc
    .replaceAll(/\{@link (\S+?) ([^}]+)\}/g, "[$2]($1)")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/^@see /gm, "\nSee ")
    .replaceAll(/^@throws \{(\w+)\}/gm, "\nThrows `$1`")
    .replaceAll(/^@param (\w+)/gm, "\n`$1`:");
}
