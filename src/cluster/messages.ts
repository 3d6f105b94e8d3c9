import type { MetricsReport } from '../platform/metrics'

/** What the supervisor and its processes tell each other; metrics are all there is to share. */

/** The argument by which a process knows that it has a supervisor. */
export const CHILD_FLAG = '--supervised'

export type ToSupervisor =
  | Readonly<{ kind: 'listening' }>
  /** Somebody asks this process for the metrics of all; here are its own. */
  | Readonly<{ kind: 'asked'; id: number; own: MetricsReport }>
  | Readonly<{ kind: 'report'; id: number; report: MetricsReport }>

export type ToChild =
  | Readonly<{ kind: 'report'; id: number }>
  | Readonly<{ kind: 'others'; id: number; reports: readonly MetricsReport[] }>
