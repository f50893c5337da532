// Generates docs/reference from the code: `npm run docs`. With --check it writes nothing and fails if a page is outdated.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { settings } from "@carnet/server/configuration/settings";
import { openApiDocument } from "@carnet/server/http/openapi";
import { buildProgram } from "carnet/program";

import { apiReport, documentedApi, referencePage } from "./api/pages.ts";
import { conformancePage } from "./pages/conformance.ts";
import { errorsPage } from "./pages/errors.ts";
import { eventsPage } from "./pages/events.ts";
import { explainPage } from "./pages/explain.ts";
import { metricsPage } from "./pages/metrics.ts";

const folder = "docs/reference";
const generated = "<!-- Generated from the code by `npm run docs`. Do not edit. -->\n\n";

const sdk = documentedApi("packages/sdk");
const guard = documentedApi("packages/guard");

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  "configuration.md": configurationPage,
  "errors.md": () => errorsPage(generated),
  "events.md": () => eventsPage(generated),
  "metrics.md": () => metricsPage(generated),
  "cli.md": cliPage,
  "conformance.md": () => conformancePage(generated),
  "../guide/explain.md": explainPage,
  "sdk.md": () => referencePage(sdk, { title: "SDK reference", guide: "../guide/sdk.md" }),
  "../../packages/sdk/api.md": () => apiReport(sdk, "@carnet/sdk"),
  "guard.md": () => referencePage(guard, { title: "Guard reference", guide: "../../packages/guard/README.md" }),
  "../../packages/guard/api.md": () => apiReport(guard, "@carnet/guard"),
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

async function cliPage(): Promise<string> {
  const program = await buildProgram();
  const describe = (command: typeof program, path: string): string => {
    command.configureHelp({ helpWidth: 110 });
    const nested = command.commands.map((child) => describe(child, `${path} ${child.name()}`));
    return [`## ${path}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`, ...nested].join("\n");
  };
  const about = readFileSync("scripts/pages/cli-output.md", "utf8");
  return `# The carnet command\n\n${generated}${about}\n${describe(program, "carnet")}`;
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
