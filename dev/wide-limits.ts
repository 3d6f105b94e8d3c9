/** The variables of limits that no test and no measured rate reaches: the buckets count as always, and never refuse. */
export const WIDE_LIMITS: Readonly<Record<string, string>> = Object.fromEntries(
  ['STORIES', 'REACTIONS', 'UPLOADS', 'SEARCH', 'FOLLOWS', 'LOGINS', 'SIGNUPS'].map((name) => [
    `RATE_LIMIT_${name}_PER_MIN`,
    '1000000',
  ]),
)
