/** More than anybody reads of, and few enough for a page that asks about each of them. */
export const FOLLOWS_MAX = 20_000
