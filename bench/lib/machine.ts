import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'

/** What a figure depends on besides the code. */
export function describeMachine() {
  const [cpu] = os.cpus()
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    temporaryFolder: `${os.tmpdir()} on ${fileSystemOf(os.tmpdir())}`,
    loadAverageAtStart: os.loadavg().map((load) => Number(load.toFixed(2))),
    node: process.version,
    sqlite: process.versions.sqlite ?? 'unknown',
    packages: Object.fromEntries(
      [
        'fastify',
        'socket.io',
        'zod',
        'kysely',
        'fast-jwt',
        '@node-rs/argon2',
        '@platformatic/kafka',
        'pg',
      ].map((name) => [name, versionOf(name, '../..')]),
    ),
    peers: Object.fromEntries(
      [
        'fastify',
        'socket.io',
        '@nestjs/core',
        '@nestjs/platform-fastify',
        '@nestjs/microservices',
        'kafkajs',
        'autocannon',
      ].map((name) => [name, versionOf(name, '../peers')]),
    ),
  }
}

function versionOf(name: string, folder: string): string {
  const manifest = new URL(`${folder}/node_modules/${name}/package.json`, import.meta.url)
  return fs.existsSync(manifest) ? createRequire(import.meta.url)(manifest.pathname).version : '–'
}

function fileSystemOf(folder: string): string {
  return execFileSync('stat', ['--file-system', '--format=%T', folder], { encoding: 'utf8' }).trim()
}
