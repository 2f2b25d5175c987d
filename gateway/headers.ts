import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'

/**
 * The security headers of every answer, by helmet. They never vary, so helmet runs once. Scripts and
 * styles come from our own files only: nothing that is written into a page runs.
 */
export function securityHeadersOf(publicUrl: URL): Readonly<Record<string, string>> {
  const secure = publicUrl.protocol === 'https:'
  const own = "'self'"
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [own],
        scriptSrc: [own],
        styleSrc: [own],
        imgSrc: [own, 'data:', 'https:'],
        connectSrc: [own, `${secure ? 'wss' : 'ws'}://${publicUrl.host}`],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: [own],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: true },
    // Browsers of today do without being told, or do not know it; every header costs every answer.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  })
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  protect(response.req, response, (error) => {
    if (error) throw error
  })
  const headers = Object.entries(response.getHeaders())
  // helmet writes the policy without the blanks that everybody else puts between directives.
  return Object.fromEntries(
    headers.map(([name, value]) => [name, String(value).replaceAll(/;(?! )/g, '; ')]),
  )
}
