// NestJS on Fastify with what Stoa's gateway does on every request, each by the means that NestJS
// offers for it: security headers, CORS, compression, request id, throttler, guard with the same
// token check, the same schema on the way in and on the way out. Decorators are functions, and
// are called here as a compiler would.
import 'reflect-metadata'
import { createPublicKey } from 'node:crypto'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import {
  Body,
  Controller,
  Get,
  Module,
  Post,
  Req,
  SerializeOptions,
  StandardSchemaSerializerInterceptor,
  StandardSchemaValidationPipe,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common'
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler'
import { createVerifier } from 'fast-jwt'
import { compiledNote, compiledNoteInput, createNote } from '../lib/note.ts'
import { audience, issuer } from '../lib/token.ts'

const publicKey = createPublicKey({ key: JSON.parse(process.env.PUBLIC_KEY), format: 'jwk' })
const verify = createVerifier({
  key: publicKey.export({ type: 'spki', format: 'pem' }),
  algorithms: ['EdDSA'],
  allowedIss: issuer,
  allowedAud: audience,
  cache: 10_000,
})

/**
 * Counts per window. The storage that comes with the throttler keeps every hit of a window and
 * walks through all of them at each request, which no load with one client would forgive.
 */
class WindowStorage {
  #windows = new Map()

  async increment(key, ttl, limit) {
    const now = Date.now()
    let window = this.#windows.get(key)
    if (!window || window.endsAt <= now) {
      window = { totalHits: 0, endsAt: now + ttl }
      this.#windows.set(key, window)
    }
    window.totalHits += 1
    const timeToExpire = Math.ceil((window.endsAt - now) / 1000)
    const isBlocked = window.totalHits > limit
    return {
      totalHits: window.totalHits,
      timeToExpire,
      isBlocked,
      timeToBlockExpire: isBlocked ? timeToExpire : 0,
    }
  }
}

class TokenGuard {
  canActivate(context) {
    const request = context.switchToHttp().getRequest()
    const [scheme, token] = (request.headers.authorization ?? '').split(' ')
    if (scheme !== 'Bearer' || !token) throw new UnauthorizedException()
    try {
      request.actor = verify(token)
    } catch {
      throw new UnauthorizedException()
    }
    return true
  }
}

class Notes {
  async create(input, request) {
    return createNote(input, request.actor.sub)
  }
}
decorate(Notes.prototype, 'create', [
  Post('notes'),
  UseGuards(TokenGuard),
  SerializeOptions({ schema: compiledNote }),
])
Body({ schema: compiledNoteInput })(Notes.prototype, 'create', 0)
Req()(Notes.prototype, 'create', 1)
Controller('api/v1')(Notes)

class Health {
  check() {
    return { status: 'ok' }
  }
}
decorate(Health.prototype, 'check', [Get()])
Controller('health')(Health)

class App {}
Module({
  imports: [
    ThrottlerModule.forRoot({
      throttlers: [{ ttl: 60_000, limit: 1_000_000_000 }],
      storage: new WindowStorage(),
    }),
  ],
  controllers: [Notes, Health],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(App)

const adapter = new FastifyAdapter({ genReqId: () => crypto.randomUUID() })
const app = await NestFactory.create(App, adapter, { logger: false })
await app.register(helmet)
await app.register(compress)
await app.register(cors, { origin: false })
adapter.getInstance().addHook('onRequest', async (request, reply) => {
  reply.header('x-request-id', request.id)
})
app.useGlobalPipes(new StandardSchemaValidationPipe())
app.useGlobalInterceptors(new StandardSchemaSerializerInterceptor(app.get(Reflector)))
await app.listen(Number(process.env.PORT), '127.0.0.1')

function decorate(prototype, name, decorators) {
  const property = Object.getOwnPropertyDescriptor(prototype, name)
  for (const decorator of decorators) decorator(prototype, name, property)
}
