import { carnet, carnetOf } from "../contenders/carnet.ts";
import { startDurablePostgres } from "../processes/postgres.ts";
import type { Mode } from "./mode.ts";
import { type Figures, measureInTurns, turnsEstimate } from "./turns.ts";

/** Carnet on SQLite and on PostgreSQL, in alternating rounds. CPU is that of Carnet alone. */
export const stores: Mode<readonly Figures[]> = {
  name: "stores",
  about: "tokens with PostgreSQL beside SQLite",
  estimate: (scale) => turnsEstimate(scale, 2) + 5,
  async measure(bench) {
    bench.progress.part("stores");
    await using postgres = await startDurablePostgres();
    const onPostgres = carnetOf({
      name: "carnet-postgres",
      title: "Carnet on PostgreSQL",
      createDatabase: () => postgres.createDatabase(),
    });
    return await measureInTurns(bench, [carnet, onPostgres]);
  },
};
