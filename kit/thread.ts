import os from 'node:os'

/** Lets this thread work on what the others leave. */
export function lowerPriority(): void {
  // Only Linux has priorities of threads: elsewhere it would slow down the whole process.
  if (process.platform !== 'linux') return
  try {
    os.setPriority(10)
  } catch {
    // Not everybody may; the work is the same.
  }
}
