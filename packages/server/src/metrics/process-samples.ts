import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { MetricName } from "./metric-table.ts";
import type { Sample } from "./tally.ts";

type ProcessMetric = Extract<MetricName, `carnet_process${string}` | `carnet_event_loop_${string}`>;

/** Measures this process. Watching the event loop wakes it 50 times a second, from the first reading until `stop`. */
export function watchProcess() {
  const delays = monitorEventLoopDelay({ resolution: 20 });
  const readings: Readonly<Record<ProcessMetric, () => readonly Sample[]>> = {
    carnet_event_loop_active_seconds_total: () => [{ value: performance.eventLoopUtilization().active / 1000 }],
    carnet_event_loop_delay_seconds() {
      delays.enable(); // not before: most processes are never asked
      const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
      const samples = [
        { value: seconds(delays.percentile(50)), labels: { statistic: "p50" } },
        { value: seconds(delays.percentile(99)), labels: { statistic: "p99" } },
        { value: seconds(delays.max), labels: { statistic: "max" } },
      ];
      delays.reset();
      return samples;
    },
    carnet_process_cpu_seconds_total() {
      const { user, system } = process.cpuUsage();
      return [{ value: (user + system) / 1e6 }];
    },
    carnet_process_resident_memory_bytes: () => [{ value: process.memoryUsage.rss() }],
    carnet_process_heap_bytes: () => [{ value: process.memoryUsage().heapTotal }],
    carnet_process_start_time_seconds: () => [{ value: performance.timeOrigin / 1000 }],
    carnet_processes: () => [{ value: 1 }],
  };
  return { readings, stop: () => delays.disable() };
}
