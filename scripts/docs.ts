// Generates docs/reference from the code: `npm run docs`. With --check it writes nothing and fails if a page is outdated.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { refusals } from "@carnet/protocol/refusals";
import { settings } from "@carnet/server/configuration/settings";
import { openApiDocument } from "@carnet/server/http/openapi";
import { buildProgram } from "carnet/program";

import { sdkApiReport, sdkReferencePage } from "./sdk/pages.ts";

const folder = "docs/reference";
const generated = "<!-- Generated from the code by `npm run docs`. Do not edit. -->\n\n";

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  "configuration.md": configurationPage,
  "errors.md": errorsPage,
  "cli.md": cliPage,
  "conformance.md": conformancePage,
  "sdk.md": sdkReferencePage,
  "../../packages/sdk/api.md": sdkApiReport,
  "openapi.json": () => `${JSON.stringify(openApiDocument("http://localhost:8080"), null, 2)}\n`,
};

function configurationPage(): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const flag = setting.flag === undefined ? "none: a flag would be visible to other users" : `\`${setting.flag}\``;
    return `| \`${name}\` | \`${setting.environment}\` | ${flag} | ${setting.description} | ${setting.accepts} | ${setting.otherwise} |`;
  });
  return [
    `# Configuration\n\n${generated}Flags override environment variables, which override the file named by \`--config\` or \`CARNET_CONFIG\`, which overrides the defaults. `,
    "With an unknown or invalid setting the service does not start. It prints the setting's name, its source and what is accepted.\n\n",
    "| in the file | environment | flag | description | accepted | default |\n| --- | --- | --- | --- | --- | --- |\n",
    `${rows.join("\n")}\n\nThe master key is never read from the file or a flag. `,
    "The SDK and the CLI also read `CARNET_CLIENT_ID`, `CARNET_CLIENT_SECRET`, `CARNET_SERVER_URL` and `CARNET_REGION`.\n",
  ].join("");
}

function errorsPage(): string {
  const rows = Object.values(refusals).map(({ status, error, when }) => `| ${status} | \`${error}\` | ${when} |`);
  return [
    `# Errors of the token endpoint\n\n${generated}Each body is \`{"error": code, "error_description": text}\`. The codes are those of `,
    "[RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), plus `temporarily_unavailable` and `server_error`.\n\n",
    `| status | \`error\` | when |\n| --- | --- | --- |\n${rows.join("\n")}\n`,
  ].join("");
}

async function cliPage(): Promise<string> {
  const program = await buildProgram();
  const describe = (command: typeof program, path: string): string => {
    command.configureHelp({ helpWidth: 110 });
    const nested = command.commands.map((child) => describe(child, `${path} ${child.name()}`));
    return [`## ${path}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`, ...nested].join("\n");
  };
  return `# The carnet command\n\n${generated}Exit codes: 0 success, 1 refused or failed, 2 usage error.\n\n${describe(program, "carnet")}`;
}

/** Lists the tests and vectors whose titles name a clause of a specification. */
function conformancePage(): string {
  const title = /\b(?:it|test)\(\s*(["'`])(?<title>(?:(?!\1).)+ \[(?<clauses>[^\]]*RFC ?\d+ §[^\]]*)\])\1/g;
  const proofs = globSync(["packages/*/test/**/*.test.ts", "test/**/*.test.ts"]).flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(title)].map(({ groups }) => ({
      clause: (groups?.["clauses"] ?? "").replace(/RFC (?=\d)/g, "RFC"),
      behaviour: (groups?.["title"] ?? "").replace(/ \[[^\]]*\]$/, "").replaceAll("|", "\\|"),
      file,
    })),
  );
  const vectors = globSync("packages/testkit/vectors/*.json").flatMap((file) => {
    const { cases }: { cases: { name: string; source: string }[] } = JSON.parse(readFileSync(file, "utf8"));
    return cases
      .filter(({ source }) => /RFC ?\d+ /.test(source))
      .map(({ name, source }) => ({
        clause: source.replace(/RFC (?=\d)/g, "RFC"),
        behaviour: name.replaceAll("|", "\\|"),
        file,
      }));
  });
  const rows = [...proofs, ...vectors]
    .sort(
      (a, b) =>
        a.clause.localeCompare(b.clause, "en", { numeric: true }) || a.behaviour.localeCompare(b.behaviour, "en"),
    )
    .map(({ clause, behaviour, file }) => `| ${clause} | ${behaviour} | [${file.split("/").at(-1)}](../../${file}) |`);
  return `# Conformance\n\n${generated}The clauses of specifications that Carnet implements, each with the test or vector that proves it.\n\n| clause | behaviour | proof |\n| --- | --- | --- |\n${[...new Set(rows)].join("\n")}\n`;
}

const check = process.argv.includes("--check");
mkdirSync(folder, { recursive: true });
for (const [name, make] of Object.entries(pages)) {
  const path = `${folder}/${name}`;
  const text = await make();
  if (!check) writeFileSync(path, text);
  else if (readIfPresent(path) !== text) {
    process.stderr.write(`${path} is outdated. Run \`npm run docs\` and commit the result.\n`);
    process.exitCode = 1;
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
