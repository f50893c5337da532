import { OperatorFault } from "../fault.ts";

/** The store cannot be read as it was written. Trying again does not help: it takes a person to mend it. */
export class DamagedStore extends OperatorFault {}

/** For what each store has from its making on. */
export const lost = (what: string): DamagedStore =>
  new DamagedStore(`The store is damaged, it has lost its ${what}: put it back from a backup.`);
