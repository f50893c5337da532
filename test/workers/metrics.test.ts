import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { metricTable } from "@carnet/server/metrics/metric-table";
import { freePort } from "@carnet/testkit/free-port";
import { type Series, scrape, sumOf } from "@carnet/testkit/scrape";
import { serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { printsAfter, type ServingWorkers, serveWorkers, until } from "./support/serve-workers.ts";
import { loadWithTokens } from "./support/token-load.ts";

async function serveMeasured(): Promise<{ readonly carnet: ServingWorkers; readonly management: string }> {
  const port = await freePort();
  const carnet = await serveWorkers({ args: ["--management-port", `${port}`] });
  return { carnet, management: `http://127.0.0.1:${port}` };
}

/** Whether a series may only grow: those of counters, and the parts of histograms. */
const isCounter = ({ name }: Series): boolean =>
  Object.entries(metricTable).some(
    ([metric, { type }]) =>
      (type === "counter" && name === metric) || (type === "histogram" && name.startsWith(`${metric}_`)),
  );

/** Scrapes until it is stopped, and collects the series that went back or vanished. */
function watchCounters(management: string) {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  let isStopped = false;
  let scrapes = 0;
  const watch = async (): Promise<void> => {
    while (!isStopped) {
      const counters = (await scrape(management)).filter(isCounter);
      const now = new Map(counters.map(({ name, labels, value }) => [`${name} ${JSON.stringify(labels)}`, value]));
      for (const [key, value] of last)
        if ((now.get(key) ?? -1) < value) wrong.push(`${key}: ${value}, then ${now.get(key)}`);
      for (const [key, value] of now) last.set(key, value);
      scrapes++;
    }
  };
  const watching = watch();
  return {
    wrong,
    scrapes: () => scrapes,
    async stop(): Promise<void> {
      isStopped = true;
      await watching;
    },
  };
}

suite("The management listener of a service with workers", () => {
  test("adds up its workers, and no counter goes back while they are reloaded, killed and frozen", async () => {
    const { carnet, management } = await serveMeasured();
    await using _ = carnet;
    await using load = loadWithTokens(carnet);
    await until(() => load.lifetimes.length > 100);
    const counters = watchCounters(management);
    for (let time = 0; time < 2; time++) await carnet.reload();
    const earlier = carnet.process.stdout.length;
    process.kill(carnet.workers()[0] ?? 0, "SIGKILL");
    await printsAfter(carnet, earlier, /"event":"listening"/);
    await until(async () => sumOf(await scrape(management), "carnet_processes") === 2);
    await load.stop();
    const [frozen = 0] = carnet.workers();
    process.kill(frozen, "SIGSTOP");
    const before = counters.scrapes();
    await until(() => counters.scrapes() > before + 1);
    const series = await scrape(management);
    process.kill(frozen, "SIGCONT");
    await counters.stop();
    assert.deepEqual(counters.wrong, []);
    assert.equal(sumOf(series, "carnet_processes"), 1, "a worker that does not answer measures nothing");
    const issued = sumOf(await scrape(management), "carnet_tokens_issued_total");
    assert.ok(issued > load.lifetimes.length / 2 && issued <= load.lifetimes.length, `${issued}`);
  });

  test("counts each token exactly once while workers are reloaded between requests", async () => {
    const { carnet, management } = await serveMeasured();
    await using _ = carnet;
    for (let time = 0; time < 2; time++) {
      await using load = loadWithTokens(carnet, 4);
      await until(() => load.lifetimes.length > 50);
      await load.stop();
      const before = sumOf(await scrape(management), "carnet_tokens_issued_total");
      await carnet.reload();
      const series = await scrape(management);
      assert.equal(sumOf(series, "carnet_tokens_issued_total"), before);
      assert.equal(sumOf(series, "carnet_http_request_duration_seconds_count", { endpoint: "token" }), before);
    }
  });

  test("answers probes as the workers do", async () => {
    const { carnet, management } = await serveMeasured();
    await using _ = carnet;
    for (const path of ["/health/live", "/health/ready"]) {
      const [own, theirs] = await Promise.all([fetch(`${management}${path}`), fetch(`${carnet.url}${path}`)]);
      assert.deepEqual([own.status, await own.text()], [200, await theirs.text()]);
    }
  });

  test("says why the service is not ready while its start waits for the store", async () => {
    await using folder = await temporaryFolder();
    const [port, store] = [await freePort(), await freePort()];
    await using _carnet = await serveCarnet({
      folder: folder.path,
      args: ["--workers", "2", "--management-port", `${port}`],
      env: {
        CARNET_STORE: `postgres://nobody@127.0.0.1:${store}/carnet`,
        CARNET_MASTER_KEY: Buffer.alloc(32, 1).toString("base64"),
      },
      until: /"event":"management_listening"/,
    });
    let body: { status?: string; detail?: string | null } = {};
    await until(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
      assert.equal(answer.status, 503);
      body = await answer.json();
      return body.detail !== null;
    });
    assert.equal(body.status, "starting");
    assert.match(body.detail ?? "", /database|PostgreSQL|store/);
    const series = await scrape(`http://127.0.0.1:${port}`);
    assert.ok(series.some(({ name, value }) => name === "carnet_store_up" && value === 0));
  });
});
