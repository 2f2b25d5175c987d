// Bare Fastify: one route with the same handler, and nothing that Fastify does not do by itself.
import fastify from 'fastify'
import { createNote } from '../lib/note.ts'

const app = fastify()

app.get('/health', async () => ({ status: 'ok' }))
app.post('/api/v1/notes', async (request, reply) => {
  reply.code(201)
  return createNote(request.body, 'nobody')
})

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
