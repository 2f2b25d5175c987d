/**
 * The service whose processes answer for a contract: `chat.dead-letters` stands beside `chat` and
 * is answered by the same.
 */
export function processOf(service: string): string {
  return service.split('.', 1)[0] ?? service
}

/** Bytes of a text in UTF-8, counted only when it could matter. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text)
}
