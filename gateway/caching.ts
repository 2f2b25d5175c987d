import { hash } from 'node:crypto'
import type {} from '@fastify/compress'
import type { FastifyReply, FastifyRequest } from 'fastify'

const compressFrom = 1_024

/**
 * Lets a client keep what it read and ask whether it is still so. Nobody between may keep it:
 * the answer may be for one person only.
 */
export function sendWithETag(request: FastifyRequest, reply: FastifyReply, body: string): void {
  // Weak, because the same answer may travel compressed in different ways.
  const tag = `W/"${hash('sha1', body, 'base64url')}"`
  reply.header('etag', tag)
  reply.header('cache-control', 'private, no-cache')
  const known = request.headers['if-none-match']
  if (known !== undefined && hasTag(known, tag)) reply.code(304).send()
  else sendJson(reply, body)
}

/** Sends JSON, compressed where that is worth the work. */
export function sendJson(reply: FastifyReply, body: string): void {
  reply.type('application/json; charset=utf-8')
  if (body.length < compressFrom) reply.send(body)
  else reply.compress(body)
}

function hasTag(list: string, tag: string): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some((known) => known.trim().replace(/^(?:W\/)?/, 'W/') === tag)
}
