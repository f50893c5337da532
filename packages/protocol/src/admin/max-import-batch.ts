/** The most clients that one import request brings. */
export const maxImportBatch = 500;
