import path from "node:path";

/** The packaged extension, as `npm run package` leaves it. */
export const packagedExtension = path.join(path.dirname(import.meta.dirname), "orrery.vsix");
