import { expect, test } from 'vitest'
import * as z from 'zod'
import { ConfigError, describeSettings, readConfig, setting } from './config.ts'

const server = z.object({
  PORT: setting.integer(1, 65_535).default(3000).describe('Where it listens'),
  PUBLIC_URL: setting.url().describe('Its address'),
})
const flags = z.object({
  VERBOSE: setting.flag().default(false),
  ORIGINS: setting.list().default([]),
})

test('settings are read with their types and defaults', () => {
  expect(
    readConfig(
      { server, flags },
      { PORT: '80', PUBLIC_URL: 'https://a.example', VERBOSE: 'true', ORIGINS: 'a, b', OTHER: 'x' },
    ),
  ).toEqual({
    server: { PORT: 80, PUBLIC_URL: 'https://a.example' },
    flags: { VERBOSE: true, ORIGINS: ['a', 'b'] },
  })
})

test('every problem is told at once, by the name of the variable', () => {
  const read = () => readConfig({ server, flags }, { PORT: 'many', VERBOSE: 'perhaps' })

  expect(read).toThrow(ConfigError)
  expect(read).toThrow(/PORT: [\s\S]*PUBLIC_URL: [\s\S]*VERBOSE: /)
})

test('a setting that must be there and is not is told with what it is for', () => {
  expect(() => readConfig({ server }, {})).toThrow('PUBLIC_URL: must be set (Its address)')
})

test('what somebody else has found wrong is told together with the rest', () => {
  const read = () => readConfig({ server: undefined, flags }, { VERBOSE: 'x' }, ['BUS: is needed'])

  expect(read).toThrow(/BUS: is needed\n {2}VERBOSE: /)
})

test('an empty variable counts as absent', () => {
  expect(readConfig({ flags }, { VERBOSE: '', ORIGINS: '' })).toEqual({
    flags: { VERBOSE: false, ORIGINS: [] },
  })
})

test('settings describe themselves', () => {
  expect(describeSettings(server)).toEqual([
    { name: 'PORT', description: 'Where it listens', fallback: '3000', required: false },
    { name: 'PUBLIC_URL', description: 'Its address', fallback: undefined, required: true },
  ])
})
