import { OperatorFault } from "../fault.ts";

/** The store cannot be reached at the moment. The same call succeeds once it is back. */
export class StoreUnavailable extends OperatorFault {}
