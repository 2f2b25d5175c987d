import fs from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError } from '../kit/config.ts'
import { temporaryFolder } from '../kit/testing.ts'
import { readAllConfig } from './config.ts'

const key = Buffer.alloc(32, 1).toString('base64')
const shared = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  DATABASE_URL: 'postgres://127.0.0.1/stoa',
  SERVICE_KEY: key,
  PUBLIC_URL: 'https://stoa.example',
  SIGNING_KEY: key,
  SETUP_CODE: 'let me in first',
}

function problemsOf(environment: Record<string, string>, names: string[] = []) {
  try {
    readAllConfig(environment, names)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((text) => text.split(':')[0])
    throw error
  }
  return []
}

test('one process needs no setting: its secrets are made, and kept in the data folder', () => {
  using folder = temporaryFolder()
  const DATA_FOLDER = `${folder.path}/data`

  const first = readAllConfig({ DATA_FOLDER })
  const second = readAllConfig({ DATA_FOLDER })

  expect(first).toMatchObject({ apart: false, bus: undefined })
  expect(first.services.accounts?.SIGNING_KEY).toMatch(/^.{44}$/)
  expect(second.services.accounts).toEqual(first.services.accounts)
})

test('one process may lie on PostgreSQL, and still makes its own secrets', () => {
  using folder = temporaryFolder()
  const { DATABASE_URL } = shared

  const config = readAllConfig({ DATA_FOLDER: folder.path, DATABASE_URL })

  expect(config).toMatchObject({ apart: false, database: { DATABASE_URL } })
  expect(config.services.accounts?.SIGNING_KEY).toBeDefined()
})

test('parts that run apart are told everything that they need and do not have, at once', () => {
  expect(problemsOf({}, ['gateway', 'accounts', 'nonsense'])).toEqual([
    'nonsense',
    'KAFKA_BROKERS',
    'DATABASE_URL',
    'PUBLIC_URL',
    'SETUP_CODE',
    'SERVICE_KEY',
    'SIGNING_KEY',
  ])
})

test('only the settings of the parts that run are demanded', () => {
  const { SIGNING_KEY: _, SETUP_CODE: __, PUBLIC_URL: ___, ...common } = shared

  expect(problemsOf(common, ['chat', 'audit', 'users'])).toEqual([])
  expect(problemsOf(common, ['notifications'])).toEqual(['PUBLIC_URL'])
  expect(problemsOf(common, ['gateway'])).toEqual(['PUBLIC_URL'])
})

test('what concerns a part that does not run here is not looked at', () => {
  const wrong = { SMTP_PORT: 'x', CORS_ORIGIN: 'everybody', PASSWORD_MIN_LENGTH: '1' }

  expect(problemsOf({ ...shared, ...wrong }, ['chat'])).toEqual([])
  expect(problemsOf({ ...shared, ...wrong }, ['notifications'])).toEqual(['SMTP_PORT'])
})

test('settings of traces are looked at where there is a collector, all at once', () => {
  const wrong = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
  }
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'

  expect(problemsOf({ ...shared, ...wrong }, ['chat'])).toEqual([])
  expect(problemsOf({ ...shared, ...wrong, OTEL_EXPORTER_OTLP_ENDPOINT }, ['chat'])).toEqual(
    Object.keys(wrong),
  )
  const address = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }
  expect(problemsOf({ ...shared, ...address }, ['chat'])).toEqual(Object.keys(address))
})

test('two buses are one too many', () => {
  const RABBITMQ_URL = 'amqp://127.0.0.1'

  expect(problemsOf({ ...shared, RABBITMQ_URL }, ['chat'])).toEqual(['RABBITMQ_URL'])
})

test('everything in one process is apart too once it has a bus: others may run beside it', () => {
  expect(problemsOf({ KAFKA_BROKERS: shared.KAFKA_BROKERS })).toEqual(
    expect.arrayContaining(['DATABASE_URL', 'SERVICE_KEY', 'SIGNING_KEY', 'SETUP_CODE']),
  )
  expect(readAllConfig(shared)).toMatchObject({ apart: true })
})

test('parts that run apart make no secrets, and no folder', () => {
  using folder = temporaryFolder()
  const DATA_FOLDER = `${folder.path}/data`

  readAllConfig({ ...shared, DATA_FOLDER }, ['gateway', 'accounts'])

  expect(fs.existsSync(DATA_FOLDER)).toBe(false)
})

test('a key that is not 32 bytes is refused by its name', () => {
  expect(problemsOf({ ...shared, SERVICE_KEY: 'short' }, ['chat'])).toEqual(['SERVICE_KEY'])
})
