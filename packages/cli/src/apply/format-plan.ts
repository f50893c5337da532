import { formatDuration } from "@carnet/protocol/duration";
import { printable } from "../table.ts";
import { wrapped } from "../wrap.ts";
import type { Plan, Step } from "./plan.ts";

const signs = { create: "+", adopt: "~", change: "~", drift: "!", disable: "-", impossible: "x" } as const;

/** A plan as JSON, with the names of the admin API. */
export const planView = ({ steps, unchanged }: Plan) => ({ steps: steps.map(stepView), unchanged });

function stepView(step: Step) {
  if (step.kind === "create") return { kind: step.kind, client_id: step.client.client_id, client: step.client };
  const { kind, clientId, ...rest } = step;
  if (!("differences" in rest)) return { kind, client_id: clientId, ...rest };
  const differences = rest.differences.map(({ shouldBe, ...difference }) => ({ ...difference, should_be: shouldBe }));
  return { kind, client_id: clientId, change: rest.change, differences };
}

/** Formats a plan as text: one line per step, followed by its differences. */
export function formatPlan({ steps, unchanged }: Plan): string {
  const lines = steps.flatMap((step) => [
    `${signs[step.kind]} ${step.kind.padEnd(10)} ${describe(step)}`,
    ...details(step),
  ]);
  const text = `${lines.map((line) => `${printable(line)}\n`).join("")}${steps.length} to do, ${unchanged} unchanged.\n`;
  return wrapped(text);
}

function describe(step: Step): string {
  switch (step.kind) {
    case "create":
      return step.client.client_id;
    case "impossible":
      return `${step.clientId} ${step.reason}`;
    case "adopt":
      return `${step.clientId} exists, and is managed by the file from now on`;
    case "drift":
      return `${step.clientId} was changed outside this file`;
    case "change":
      return step.clientId;
    case "disable":
      return `${step.clientId} is no longer in the file`;
    default:
      return step satisfies never;
  }
}

const details = (step: Step): readonly string[] =>
  "differences" in step
    ? step.differences.map(
        ({ member, is, shouldBe, reason }) =>
          `               ${member}: ${shown(member, is)} -> ${shown(member, shouldBe)}${reason ? ` (${reason})` : warningOf(member)}`,
      )
    : [];

/** The plan as JSON has seconds, like the admin API. */
const shown = (member: string, value: string): string =>
  member === "access_token_ttl" && value !== "-" ? formatDuration(Number(value)) : value;

const warningOf = (member: string): string => (member === "username" ? " (revokes all its secrets at once)" : "");
