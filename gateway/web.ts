import fs from 'node:fs'
import path from 'node:path'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RefuseUnrouted } from './error-answers.ts'

const year = 31_536_000

/** Serves the web app when it is built; its addresses are its own business, so it gets them all. */
export async function mountWeb(
  app: FastifyInstance,
  folder: string | undefined,
  refuse: RefuseUnrouted,
): Promise<void> {
  // Refused before a body is read, or a file of that name is looked for.
  app.addHook('onRequest', (request, reply, done) => {
    const isFile = request.routeOptions.url === '/*'
    const isNothing = request.is404 ? !isRead(request) : isFile && isCall(request.url)
    done(isNothing ? refuse(request, reply) : undefined)
  })
  if (folder === undefined || !fs.existsSync(path.join(folder, 'index.html'))) {
    for (const address of ['/', '/setup']) {
      app.get(address, (_, reply) => reply.type('text/html; charset=utf-8').send(withoutApp))
    }
    app.setNotFoundHandler((request, reply) => {
      throw refuse(request, reply)
    })
    return
  }
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    setHeaders(reply, file) {
      const named = path.relative(folder, file).startsWith(`assets${path.sep}`)
      reply.header('cache-control', named ? `public, max-age=${year}, immutable` : 'no-cache')
    },
  })
  app.setNotFoundHandler((request, reply) => {
    if (!isNavigation(request)) throw refuse(request, reply)
    return reply.sendFile('index.html')
  })
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Whether a browser goes to a page of the app, which the app itself knows; files and calls are not. */
function isNavigation({ url, headers }: FastifyRequest): boolean {
  return !isCall(url) && (headers.accept ?? '').includes('text/html')
}

function isCall(address: string): boolean {
  return /^\/api(?:[/?]|$)/.test(address)
}

/** What a browser sees where there is no web app: how to go on with the API. */
const withoutApp = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stoa</title>
<h1>Stoa runs</h1>
<p>There is no web app in this installation. The API is described, and can be tried, at
<a href="/api/docs">/api/docs</a>.</p>
<p>While nobody is here, <code>POST /api/v1/setup</code> makes the first admin: from this machine
as it is, from elsewhere with the <code>setupCode</code> that the server printed when it started.</p>
</html>
`
