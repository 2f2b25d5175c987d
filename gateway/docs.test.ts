import fs from 'node:fs'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../kit/testing.ts'
import { testGateway } from '../tests/gateway.ts'

const guarded = { DOCS_USER: 'reader', DOCS_PASSWORD: 'of docs' }
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

test('the documentation is a page with files of our own, and needs nothing inline', async () => {
  await using gateway = await testGateway()

  const page = await gateway.app.inject('/api/docs')

  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
  expect(files).toHaveLength(4)
  for (const file of files) {
    const { statusCode, headers } = await gateway.app.inject(file)
    expect([file, statusCode]).toEqual([file, 200])
    expect(headers['content-type']).not.toContain('html')
  }
  expect(page.body).not.toMatch(/<script>|<style|style=|onload=|https?:\/\//)
})

test('the documents describe the contracts', async () => {
  await using gateway = await testGateway()

  const openApi = (await gateway.app.inject('/api/openapi.json')).json()
  const asyncApi = (await gateway.app.inject('/api/asyncapi.json')).json()

  expect(openApi.openapi).toBe('3.1.1')
  expect(openApi.info).toMatchObject({ title: 'Stoa', version: '1.2.3' })
  expect(openApi.paths['/api/v1/things'].post.operationId).toBe('createThing')
  expect(asyncApi.asyncapi).toBe('3.0.0')
  expect(asyncApi.channels['shop.thingMade'].messages.thingMade.name).toBe('thingMade')
})

test.each(['/docs', '/swagger', '/api/docs/'])('%s leads to the documentation', async (url) => {
  await using gateway = await testGateway()

  const answer = await gateway.app.inject(url)

  expect([answer.statusCode, answer.headers.location]).toEqual([302, '/api/docs'])
})

test('with credentials set, the documentation asks for them', async () => {
  await using gateway = await testGateway({ environment: guarded })
  const urls = [
    '/api/docs',
    '/api/docs/start.js',
    '/api/openapi.json',
    '/api/asyncapi.json',
    '/api/docs/assets/swagger-ui.css',
  ]

  for (const url of urls) {
    const refused = await gateway.app.inject(url)
    expect([url, refused.statusCode]).toEqual([url, 401])
    expect(refused.headers['www-authenticate']).toBe('Basic realm="stoa", charset="UTF-8"')
    const headers = basic('reader', 'of docs')
    expect((await gateway.app.inject({ url, headers })).statusCode).toBe(200)
  }
  expect((await gateway.app.inject('/api/v1/things')).statusCode).toBe(200)
})

test('guessing the credentials is slowed down like guessing a password', async () => {
  await using gateway = await testGateway({ environment: guarded })
  const guess = async (password: string) => {
    const headers = basic('reader', password)
    return (await gateway.app.inject({ url: '/api/docs', headers })).statusCode
  }

  for (let i = 0; i < 10; i++) expect(await guess(`guess ${i}`)).toBe(401)

  expect(await guess('of docs')).toBe(429)
})

test('the API itself can be put behind the credentials; tokens then come in their own header', async () => {
  await using gateway = await testGateway({ environment: { ...guarded, API_BASIC: 'true' } })
  const headers = { ...basic('reader', 'of docs'), 'x-access-token': gateway.keys.signToken() }

  expect((await gateway.app.inject('/api/v1/things')).statusCode).toBe(401)
  expect((await gateway.app.inject('/health')).statusCode).toBe(200)
  expect((await gateway.app.inject({ url: '/api/v1/self', headers })).json()).toEqual({ id: 'ann' })
})

test('without a web app, the site says what runs and where to read', async () => {
  await using gateway = await testGateway({ webFolder: '/nowhere' })

  const answer = await gateway.app.inject('/')

  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.body).toContain('href="/api/docs"')
})

function buildWeb() {
  const folder = temporaryFolder()
  fs.mkdirSync(`${folder.path}/assets`)
  fs.writeFileSync(`${folder.path}/index.html`, '<!doctype html><title>App</title>')
  fs.writeFileSync(`${folder.path}/robots.txt`, 'User-agent: *')
  fs.writeFileSync(`${folder.path}/assets/index-4f2a.js`, `console.log("${'x'.repeat(2000)}")`)
  return folder
}

test('the web app is served: its page is asked for anew, its named files are kept', async () => {
  using web = buildWeb()
  await using gateway = await testGateway({ webFolder: web.path })
  const get = (url: string) => gateway.app.inject({ url, headers: { 'accept-encoding': 'gzip' } })

  const page = await gateway.app.inject('/')
  const script = await get('/assets/index-4f2a.js')

  expect(page.body).toContain('<title>App</title>')
  expect(page.headers['cache-control']).toBe('no-cache')
  expect(script.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'gzip',
  })
  expect((await get('/robots.txt')).headers['cache-control']).toBe('no-cache')
})

test('addresses of the app get its page; files and calls that do not exist are not found', async () => {
  using web = buildWeb()
  await using gateway = await testGateway({ webFolder: web.path })
  const navigate = async (url: string, accept = 'text/html,application/xhtml+xml') => {
    const answer = await gateway.app.inject({ url, headers: { accept } })
    return [answer.statusCode, String(answer.headers['content-type']).split(';')[0]]
  }

  expect(await navigate('/people/ann?tab=posts')).toEqual([200, 'text/html'])
  expect(await navigate('/apiary')).toEqual([200, 'text/html'])
  expect(await navigate('/assets/gone-1234.js', '*/*')).toEqual([404, 'application/json'])
  expect(await navigate('/api/v1/nothing')).toEqual([404, 'application/json'])
  expect(await navigate('/../package.json', '*/*')).toEqual([404, 'application/json'])
  expect(await navigate('/%2e%2e%2fpackage.json', '*/*')).toEqual([404, 'application/json'])
})

test.each([
  [`/api/v1/things/${'x'.repeat(600)}`, 414],
  [`/api/v1/things/${'x'.repeat(6_000)}`, 414],
  [`/${'x'.repeat(6_000)}`, 404],
  ['//things', 404],
  ['/a\\b', 404],
  ['/a%00b', 404],
])('no odd address is a failure of the web app: %#', async (url, status) => {
  using web = buildWeb()
  await using gateway = await testGateway({ webFolder: web.path })

  const answer = await gateway.app.inject({ url, headers: { accept: '*/*' } })

  expect(answer.statusCode).toBe(status)
  expect(answer.json()).toMatchObject({ statusCode: status, requestId: expect.any(String) })
})
