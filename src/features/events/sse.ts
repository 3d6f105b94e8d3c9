/** Frames of an event stream (HTML standard, section 9.2.6). */

const FIELD_BREAKING = ['\r', '\n', '\u0000']

type Frame = Readonly<{ id?: string; event?: string; data?: string }>

/** @throws Error when a value has a line break, which would inject a field */
export function sseFrame(frame: Frame): string {
  let text = ''
  for (const [field, value] of Object.entries(frame)) {
    if (FIELD_BREAKING.some((char) => value.includes(char)))
      throw new Error(`The ${field} of an event must be one line`)
    text += `${field}: ${value}\n`
  }
  return `${text}\n`
}

export const sseComment = (text: string): string => `: ${text.replace(/[\r\n]/g, ' ')}\n\n`

/** How long a client waits before it comes back, in milliseconds. */
export const sseRetry = (ms: number): string => `retry: ${ms}\n\n`
