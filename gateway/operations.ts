import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Bus } from '../kit/bus.ts'
import { type CallContext, defaultDeadlineMs } from '../kit/context.ts'
import type { Contract } from '../kit/contract.ts'
import { bindingsOf, createInputReader, type HttpBinding, type RequestParts } from '../kit/http.ts'
import { type AdmissionOptions, createAdmission } from './admission.ts'
import { sendJson, sendWithETag } from './caching.ts'
import { networkOf } from './client.ts'
import type { GatewayConfig } from './config.ts'
import { toFailure } from './errors.ts'
import { holdsSecrets, type Idempotency } from './idempotency/index.ts'
import type { GatewayMetrics } from './metrics.ts'

export const apiPrefix = '/api/v1'

type Output = Record<string, unknown>

declare module 'fastify' {
  interface FastifyRequest {
    call: CallContext | undefined
  }
}

export type OperationsOptions = AdmissionOptions & {
  contracts: readonly Contract[]
  bus: Bus
  idempotency: Idempotency
  config: GatewayConfig
  metrics: GatewayMetrics
}

/** Gives every operation of the contracts its address. */
export function mountOperations(app: FastifyInstance, options: OperationsOptions): void {
  const { contracts, config } = options
  const admissionOf = createAdmission(options)
  app.decorateRequest('call', undefined)

  for (const binding of bindingsOf(contracts)) {
    const { method, path, definition } = binding
    const url = `${apiPrefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
    const admit = admissionOf(definition)

    app.route({
      method,
      url,
      bodyLimit: definition.tier === 'upload' ? config.UPLOAD_BODY_LIMIT : config.BODY_LIMIT,
      onRequest(request, reply, done) {
        request.route = url
        const call = admit(request, reply)
        if (!(call instanceof Promise)) {
          request.call = call
          return done()
        }
        call.then((late) => {
          request.call = late
          done()
        }, done)
      },
      handler: createHandler(binding, options),
    })
  }
}

function createHandler(binding: HttpBinding, options: OperationsOptions) {
  const { bus, cookies, idempotency, shedder, metrics } = options
  const { contract, name, definition, read } = binding
  const { cookie, status = 200, tier, deadlineMs = defaultDeadlineMs } = definition
  const readInput = createInputReader(binding)

  /** Calls once per key, however often the request comes. */
  function callOnce(key: string, input: unknown, call: CallContext, reply: FastifyReply) {
    const { actor, client, deadline } = call
    const request = {
      key,
      scope: actor ? `user ${actor.id}` : `address ${networkOf(client.ip)}`,
      operation: name,
      input,
      isSecret: () => holdsSecrets(definition),
      deadline,
      onRepeated: () => reply.header('idempotency-replayed', 'true'),
    }
    return idempotency.once(request, () => bus.call(contract, name, input, call) as Promise<Output>)
  }

  async function act(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { call } = request
    if (!call) throw new Error(`${name} was reached without admission`)
    call.deadline = Date.now() + deadlineMs
    shedder.enter()
    let code = 'ok'
    try {
      const given = readInput(request as RequestParts)
      const input = cookie ? cookies.fill(cookie, request, given) : given
      const key = request.headers['idempotency-key']
      const output =
        read || key === undefined
          ? ((await bus.call(contract, name, input, call)) as Output)
          : await callOnce(String(key), input, call, reply)
      const shown = cookie ? cookies.take(cookie, request, reply, output) : output
      if (read) return sendWithETag(request, reply, JSON.stringify(shown))
      reply.code(status).header('cache-control', 'no-store')
      sendJson(reply, JSON.stringify(shown))
    } catch (error) {
      code = toFailure(error).code
      reply.send(error)
    } finally {
      shedder.leave()
      if (tier === 'auth') metrics.signInAttempted(name, code)
    }
  }

  return (request: FastifyRequest, reply: FastifyReply): void => {
    void act(request, reply)
  }
}
