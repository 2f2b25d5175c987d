const longestMs = 10_000

/** How long to wait before the next attempt: longer each time, and never all at once. */
export function backoffMs(attempt: number, retryAfter = 0): number {
  const upTo = Math.min(longestMs, 300 * 2 ** (attempt - 1))
  return retryAfter * 1000 + upTo * (0.5 + Math.random() / 2)
}

/** Ends early, without complaint, when aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
