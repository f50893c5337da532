import type { Explanation } from "@carnet/protocol/admin/explanation";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { printable } from "../table.ts";
import { columnsOf, wrapLine } from "../wrap.ts";

/** `carnet explain`: why a request was refused. */
export function addExplainCommand(program: Command): void {
  const command = program
    .command("explain")
    .description("Explain why a request was refused, and what to do next.")
    .argument("<request-id>", "The X-Request-ID of the answer")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((requestId: string, options: { json?: boolean }) =>
    withAdminApi(
      command,
      async (api) => {
        const explanation = await api.explain(requestId);
        process.stdout.write(
          options.json ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation),
        );
      },
      { request_id: "<request-id>" },
    ),
  );
}

function formatExplanation({ what, why, since, next, others }: Explanation): string {
  const paragraphs: readonly (readonly [string, string])[] = [
    ["What", what],
    ["Why", why],
    ...(since === null ? [] : [["Since", since] as const]),
    ...next.map((step, at) => [at === 0 ? "Next" : "", step] as const),
    ...others.map((event, at) => [at === 0 ? "Others" : "", otherEvent(event)] as const),
  ];
  return paragraphs.map(([name, text]) => formatLine(`${name.padEnd(8)}${printable(text)}`)).join("");
}

const formatLine = (line: string): string => `${wrapLine(line, columnsOf(process.stdout), " ".repeat(8))}\n`;

/** An event whose request had the same id. */
const otherEvent = ({ time, event, reason }: Explanation["others"][number]): string =>
  `${time} ${event}${reason === undefined ? "" : ` (${reason})`}: another request with the same id`;
