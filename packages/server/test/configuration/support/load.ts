import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { inspect } from "node:util";
import { type ConfigurationSources, loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { OperatorFault } from "@carnet/server/fault";

export const folder = mkdtempSync(join(tmpdir(), "carnet-test-"));
after(() => rmSync(folder, { recursive: true }));

export const key = Buffer.alloc(32, 7).toString("base64");

export function load(sources: Partial<Omit<ConfigurationSources, "file">> & { file?: string }) {
  const { file: content, ...rest } = sources;
  const file = content === undefined ? undefined : join(folder, "carnet.yaml");
  if (file !== undefined) writeFileSync(file, content ?? "", { mode: 0o600 });
  return loadConfiguration({ mode: "dev", flags: {}, environment: {}, ...rest, file });
}

export function faultOf(sources: Parameters<typeof load>[0]): string {
  try {
    load(sources);
  } catch (error) {
    assert.ok(error instanceof OperatorFault, inspect(error));
    assert.match(error.message, /^[^\n]+\.$/); // one sentence on one line
    return error.message;
  }
  assert.fail("the configuration was accepted");
}
