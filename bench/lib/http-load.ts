import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { peersFolder } from './peers.ts'
import { cpuSeconds, type Program } from './processes.ts'
import { round } from './statistics.ts'

export type HttpLoad = {
  server: Program
  path: string
  method: string
  headers: Readonly<Record<string, string>>
  body: string
  connections: number
  seconds: number
}

export type HttpResult = {
  perSecond: number
  serverMicrosecondsPerRequest: number
  serverCores: number
  generatorCores: number
  p50: number
  p99: number
}

type Counted = { requests: number; seconds: number; failures: number; p50: number; p99: number }

/** `wrk` costs a third of autocannon, so it is taken where it is installed. */
export const httpLoadTool = isInstalled('wrk') ? 'wrk' : 'autocannon'

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/**
 * CPU time that a server gets before it is measured. Counted in seconds of the clock, a busy machine
 * would measure how the larger program compiles itself.
 */
const warmUpCpuSeconds = 1.5
const mostWarmUps = 10

/** Closed-loop load over kept-alive connections, one request at a time on each. */
export async function loadHttp(load: HttpLoad): Promise<HttpResult> {
  const cpuAtStart = cpuSeconds(load.server.pid)
  for (let round = 0; round < mostWarmUps; round++) {
    await run({ ...load, seconds: 2 })
    if (cpuSeconds(load.server.pid) - cpuAtStart >= warmUpCpuSeconds) break
  }
  const cpuBefore = cpuSeconds(load.server.pid)
  const { counted, generatorCpu } = await run(load)
  const serverCpu = cpuSeconds(load.server.pid) - cpuBefore
  if (counted.failures > 0) throw new Error(`${counted.failures} requests failed`)
  return {
    perSecond: round(counted.requests / counted.seconds, 0),
    serverMicrosecondsPerRequest: round((serverCpu / counted.requests) * 1e6, 1),
    serverCores: round(serverCpu / counted.seconds, 2),
    generatorCores: round(generatorCpu / counted.seconds, 2),
    p50: counted.p50,
    p99: counted.p99,
  }
}

async function run(load: HttpLoad): Promise<{ counted: Counted; generatorCpu: number }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-bench-'))
  try {
    const { command, words, read } = httpLoadTool === 'wrk' ? wrk(load, folder) : autocannon(load)
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    // What a process has used is gone with it, so it is read until the end.
    let generatorCpu = 0
    const reading = setInterval(() => {
      if (child.exitCode === null && child.pid) generatorCpu = cpuSeconds(child.pid)
    }, 200)
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    clearInterval(reading)
    if (code !== 0) throw new Error(`${command} ended with code ${code}`)
    return { counted: read(output), generatorCpu }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

type Tool = { command: string; words: string[]; read(output: string): Counted }

function wrk({ server, path: route, ...load }: HttpLoad, folder: string): Tool {
  const script = path.join(folder, 'load.lua')
  const headers = Object.entries(load.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  fs.writeFileSync(
    script,
    `wrk.method = ${JSON.stringify(load.method)}
wrk.body = ${JSON.stringify(load.body)}
${headers.join('\n')}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%f,"failures":%d,"p50":%f,"p99":%f}\\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
`,
  )
  const url = `http://127.0.0.1:${server.port}${route}`
  const { connections, seconds } = load
  return {
    command: 'wrk',
    words: ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url],
    read: (output) => JSON.parse(output.trim().split('\n').at(-1) ?? ''),
  }
}

function autocannon({ server, path: route, ...load }: HttpLoad): Tool {
  const { method, body, connections, seconds } = load
  const headers = Object.entries(load.headers).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const url = `http://127.0.0.1:${server.port}${route}`
  const options = ['--json', '-c', String(connections), '-d', String(seconds), '-m', method]
  return {
    command: process.execPath,
    words: [`${peersFolder}/node_modules/autocannon/autocannon.js`]
      .concat(options, headers, body ? ['-b', body] : [])
      .concat(url),
    read(output) {
      const { requests, duration, errors, non2xx, latency } = JSON.parse(output)
      return {
        requests: requests.total,
        seconds: duration,
        failures: errors + non2xx,
        p50: latency.p50,
        p99: latency.p99,
      }
    },
  }
}
