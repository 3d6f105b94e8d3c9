import { AppError } from '../kernel/errors'

/** What files answer to. */
export const PAGE_METHODS = new Set(['GET'])

/** The `Allow` header (RFC 9110, section 10.2.1). HEAD goes with GET, but for streams, which have no end to measure. */
export const allow = (methods: ReadonlySet<string>, hasHead: boolean): string =>
  [...methods, ...(hasHead ? ['HEAD'] : []), 'OPTIONS'].join(', ')

export const methodNotAllowed = (methods: ReadonlySet<string>, hasHead: boolean) =>
  new AppError('method_not_allowed', 'This path has no such method.', {
    headers: { Allow: allow(methods, hasHead) },
  })
