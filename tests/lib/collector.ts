import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** A span as its process told of it. */
export type ReceivedSpan = {
  traceId: string
  spanId: string
  /** Empty at the root. */
  parentId: string
  name: string
  kind: string
  service: string
  /** Which of its processes. */
  instance: string
  attributes: Readonly<Record<string, unknown>>
  isError: boolean
  startedAt: bigint
  endedAt: bigint
}

/** Takes traces over OTLP/HTTP, as a collector of OpenTelemetry does. */
export type Collector = AsyncDisposable & {
  url: string
  spans(): readonly ReceivedSpan[]
  /** How often it was asked to take something. */
  requests(): number
  /** Headers of the last request. */
  headers(): http.IncomingHttpHeaders
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

/**
 * A trace as an outline, without its statements of SQL: what each span is, below what it belongs
 * to. Spans of one kind and name count as one, because a busy machine does some things twice.
 */
export function outlineOf(spans: readonly ReceivedSpan[], traceId: string): string[] {
  const ofTrace = spans.filter((span) => span.traceId === traceId && !isStatement(span))
  function below(parents: ReadonlySet<string>, indent: string): string[] {
    const children = ofTrace.filter(({ parentId }) => parents.has(parentId))
    const groups = Map.groupBy(children, ({ service, kind, name }) => `${service} ${kind} ${name}`)
    return [...groups]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([label, group]) => [
        `${indent}${label}`,
        ...below(new Set(group.map(({ spanId }) => spanId)), `${indent}  `),
      ])
  }
  const known = new Set(ofTrace.map(({ spanId }) => spanId))
  const lost = ofTrace.filter(({ parentId }) => parentId !== '' && !known.has(parentId))
  return [...below(new Set(['']), ''), ...lost.map(({ name }) => `without its parent: ${name}`)]
}

/** The statements of SQL right below the spans of a name. */
export function statementsOf(
  spans: readonly ReceivedSpan[],
  traceId: string,
  name: string,
): ReceivedSpan[] {
  const ofTrace = spans.filter((span) => span.traceId === traceId)
  const parents = new Set(ofTrace.filter((span) => span.name === name).map(({ spanId }) => spanId))
  return ofTrace.filter((span) => isStatement(span) && parents.has(span.parentId))
}

function isStatement({ attributes }: ReceivedSpan): boolean {
  return attributes['db.system.name'] !== undefined
}

/** With another status than 200 it takes nothing, and says so. */
export async function openCollector(status = 200): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  let requests = 0
  let headers: http.IncomingHttpHeaders = {}
  const server = http.createServer(async (request, response) => {
    requests++
    headers = request.headers
    const isTraces = request.method === 'POST' && request.url === '/v1/traces'
    const type = 'application/x-protobuf'
    const body = await buffer(request)
    if (!isTraces || headers['content-type'] !== type) {
      response.writeHead(404).end()
      return
    }
    const packed = headers['content-encoding'] === 'gzip'
    if (status === 200) spans.push(...readRequest(packed ? gunzipSync(body) : body))
    // An empty answer says that everything was taken.
    response.writeHead(status, { 'content-type': type }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    requests: () => requests,
    headers: () => headers,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

// The numbers of fields are those of opentelemetry/proto/collector/trace/v1 and what it imports.

function readRequest(body: Buffer): ReceivedSpan[] {
  return messages(body, 1).flatMap((ofResource) => {
    const [resource] = messages(ofResource, 1)
    const about = readAttributes(resource ? messages(resource, 1) : [])
    const names = {
      service: String(about['service.name']),
      instance: String(about['service.instance.id']),
    }
    return messages(ofResource, 2).flatMap((ofScope) =>
      messages(ofScope, 2).map((span) => ({ ...readSpan(span), ...names })),
    )
  })
}

function readSpan(span: Buffer): Omit<ReceivedSpan, 'service' | 'instance'> {
  const hex = (field: number) => (messages(span, field)[0] ?? Buffer.alloc(0)).toString('hex')
  const [status] = messages(span, 15)
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentId: hex(4),
    name: String(messages(span, 5)[0] ?? ''),
    kind: kinds[Number(numbers(span, 6)[0] ?? 0)] ?? '',
    attributes: readAttributes(messages(span, 9)),
    isError: status !== undefined && numbers(status, 3)[0] === 2n,
    startedAt: numbers(span, 7)[0] ?? 0n,
    endedAt: numbers(span, 8)[0] ?? 0n,
  }
}

function readAttributes(pairs: readonly Buffer[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => [
      String(messages(pair, 1)[0] ?? ''),
      readValue(messages(pair, 2)[0] ?? Buffer.alloc(0)),
    ]),
  )
}

function readValue(value: Buffer): unknown {
  const [[field, content] = []] = fieldsOf(value)
  if (field === 1) return String(content)
  if (field === 2) return content === 1n
  if (field === 3) return Number(BigInt.asIntN(64, content as bigint))
  if (field === 4) {
    const bits = new DataView(new ArrayBuffer(8))
    bits.setBigUint64(0, content as bigint)
    return bits.getFloat64(0)
  }
  return field === 5 ? messages(content as Buffer, 1).map(readValue) : undefined
}

function messages(message: Buffer, field: number): Buffer[] {
  return fieldsOf(message).flatMap(([number, content]) =>
    number === field && Buffer.isBuffer(content) ? [content] : [],
  )
}

function numbers(message: Buffer, field: number): bigint[] {
  return fieldsOf(message).flatMap(([number, content]) =>
    number === field && typeof content === 'bigint' ? [content] : [],
  )
}

/** The wire format of Protocol Buffers. */
function fieldsOf(message: Buffer): [field: number, content: bigint | Buffer][] {
  const fields: [number, bigint | Buffer][] = []
  let at = 0
  function readVarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  function take(length: number): Buffer {
    if (at + length > message.length) throw new Error('The message ends too early')
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = Number(readVarint())
    const type = tag & 7
    if (type === 0) fields.push([tag >> 3, readVarint()])
    else if (type === 1) fields.push([tag >> 3, take(8).readBigUInt64LE()])
    else if (type === 2) fields.push([tag >> 3, take(Number(readVarint()))])
    else if (type === 5) fields.push([tag >> 3, BigInt(take(4).readUInt32LE())])
    else throw new Error(`There is no wire type ${type}`)
  }
  return fields
}
