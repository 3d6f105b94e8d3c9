/** Origins of a configuration: scheme, host and perhaps a port, which may be `*` (Fetch standard, `Origin`). */

/** @returns what is wrong with it, for the one who configures; null when nothing is */
export const findOriginFault = (text: string): string | null =>
  /^https?:\/\/[a-z0-9.-]+(:(\d{1,5}|\*))?$/i.test(text)
    ? null
    : `has ${JSON.stringify(text)}; an origin is scheme://host or scheme://host:port, the port may be *`

/** An origin as a browser sends it: in lower case, without its scheme's own port. */
export const asBrowsersSay = (origin: string): string =>
  origin.endsWith(':*') || !URL.canParse(origin) ? origin.toLowerCase() : new URL(origin).origin
