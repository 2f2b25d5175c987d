import { type Logger, pino } from 'pino'

export type { Logger }

/** One line of JSON per happening. Bodies, tokens and addresses of people stay out of it. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
