/**
 * The security headers of every answer. They never vary, so they are made once. Scripts and styles
 * come from our own files only: nothing that is written into a page runs.
 */
export function securityHeadersOf(publicUrl: URL): Readonly<Record<string, string>> {
  const secure = publicUrl.protocol === 'https:'
  const policy = {
    'default-src': "'self'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data: https:",
    'connect-src': `'self' ${secure ? 'wss' : 'ws'}://${publicUrl.host}`,
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map(([name, sources]) => `${name} ${sources}`)
      .join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...(secure && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
}
