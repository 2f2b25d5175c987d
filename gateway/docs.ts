import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import type { JsonSchema } from '../kit/json-schema.ts'

export type DocsOptions = {
  /** Makes the documents; asked when somebody first wants one. */
  openApi: () => JsonSchema
  asyncApi: () => JsonSchema
  /** Lets in whoever may read the documentation. */
  check: onRequestAsyncHookHandler
}

const ownFiles = path.join(import.meta.dirname, 'docs')
const assets = fileURLToPath(new URL('static', import.meta.resolve('@fastify/swagger-ui')))

/** Shows the API to people, and to machines; everything comes from here and works offline. */
export async function mountDocs(
  app: FastifyInstance,
  { openApi, asyncApi, check }: DocsOptions,
): Promise<void> {
  const page = fs.readFileSync(path.join(ownFiles, 'index.html'), 'utf8')
  const script = fs.readFileSync(path.join(ownFiles, 'start.js'), 'utf8')
  const documents = { openapi: once(openApi), asyncapi: once(asyncApi) }

  await app.register(async (docs) => {
    docs.addHook('onRequest', check)
    docs.addHook('onRequest', async (_, reply) => {
      reply.header('cache-control', 'private, no-cache')
    })
    docs.get('/api/docs', (_, reply) => reply.type('text/html; charset=utf-8').send(page))
    docs.get('/api/docs/start.js', (_, reply) =>
      reply.type('text/javascript; charset=utf-8').send(script),
    )
    for (const [name, text] of Object.entries(documents)) {
      docs.get(`/api/${name}.json`, (_, reply) =>
        reply.type('application/json; charset=utf-8').send(text()),
      )
    }
    await docs.register(fastifyStatic, {
      root: assets,
      prefix: '/api/docs/assets/',
      decorateReply: false,
      cacheControl: false,
      index: false,
    })
  })

  for (const other of ['/docs', '/swagger', '/api/docs/', '/api']) {
    app.get(other, (_, reply) => reply.redirect('/api/docs', 302))
  }
}

function once(make: () => JsonSchema): () => string {
  let made: string | undefined
  return () => {
    made ??= JSON.stringify(make())
    return made
  }
}
