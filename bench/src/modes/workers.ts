import { carnet, carnetWithWorkers } from "../contenders/carnet.ts";
import { floor, floorWithProcesses } from "../contenders/peers.ts";
import type { Mode } from "./mode.ts";
import { type Figures, measureInTurns, turnsEstimate } from "./turns.ts";

/** One and two processes of Carnet and of the floor, and Carnet from another checkout if one was given. */
export const workers: Mode<readonly Figures[]> = {
  name: "workers",
  about: "two worker processes beside one; with --baseline, also the code before",
  estimate: (scale) => turnsEstimate(scale, 5),
  measure(bench) {
    bench.progress.part("workers");
    const before = bench.contenders.filter(({ name }) => name === "carnet-before");
    return measureInTurns(bench, [carnet, carnetWithWorkers(2), floor, floorWithProcesses(2), ...before]);
  },
};
