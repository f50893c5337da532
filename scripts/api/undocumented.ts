// Finds public names that editors would show without an explanation.
import type { Declaration } from "./declarations.ts";

const MEMBER = /^ {4}(?:(?:static|readonly|abstract|override|get|set) )*(?<name>\[?\w[\w.]*\]?)\??[(:<]/;

/** The exported names and the members of classes and interfaces that have no doc comment, also none in a base. */
export function undocumented(declarations: readonly Declaration[]): string[] {
  const byName = new Map(declarations.map((each) => [each.name, each]));
  const isDocumented = (declaration: Declaration | undefined, member: string): boolean =>
    declaration !== undefined &&
    (membersOf(declaration.text).get(member) === true ||
      basesOf(declaration.text).some((base) => isDocumented(byName.get(base), member)));
  return declarations.flatMap((declaration) => [
    ...(declaration.doc === "" ? [declaration.name] : []),
    ...[...membersOf(declaration.text).keys()]
      .filter((member) => !isDocumented(declaration, member))
      .map((member) => `${declaration.name}.${member}`),
  ]);
}

/** The members of a class or an interface, and whether each has a doc comment. */
function membersOf(text: string): Map<string, boolean> {
  const members = new Map<string, boolean>();
  if (!/^export (?:declare )?(?:abstract )?(?:class|interface) /.test(text)) return members;
  const lines = text.split("\n");
  for (const [n, line] of lines.entries()) {
    const name = MEMBER.exec(line)?.groups?.["name"];
    if (name !== undefined) members.set(name, lines[n - 1]?.endsWith("*/") === true);
  }
  return members;
}

function basesOf(text: string): string[] {
  const heading = text.slice(0, text.indexOf("{\n")).replace(/^(.*? \w+)<.*?>(?= extends )/, "$1");
  return [...(heading.split(/ (?:extends|implements) /, 2)[1] ?? "").matchAll(/[A-Z]\w+/g)].map(([name]) => name);
}
