// `npm run check:deploy`: everything a tool can say about `deploy/` without a cluster.
// With `--write` it renders the plain manifests from the chart instead of comparing them.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import * as operator from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import * as apps from 'kubernetes-models/apps/v1'
import * as autoscaling from 'kubernetes-models/autoscaling/v2'
import * as batch from 'kubernetes-models/batch/v1'
import * as networking from 'kubernetes-models/networking.k8s.io/v1'
import * as policy from 'kubernetes-models/policy/v1'
import * as core from 'kubernetes-models/v1'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { start } from './app.ts'
import { checkImage } from './check-image.ts'
import { configSchemas } from './config.ts'
import { partNames } from './parts.ts'
import { Problem } from './problem.ts'
import { runCommand } from './run-command.ts'

type Manifest = { apiVersion: string; kind: string; metadata: { name: string } } & Record<
  string,
  unknown
>

const execute = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')
const deploy = path.join(root, 'deploy')
const chart = path.join(deploy, 'helm/stoa')
const plain = path.join(deploy, 'kubernetes/stoa.yaml')
const plainHead = `# The chart helm/stoa with its own values, for who uses no Helm. Made by
# \`npm run check:deploy -- --write\`; change the chart, not this. Delete the two Jobs before an
# upgrade, for they cannot be changed: kubectl delete job stoa-migrate stoa-topics
`

/** Every kind that the chart may make, by the API it belongs to. */
const kinds: Readonly<Record<string, Record<string, unknown>>> = {
  v1: core,
  'apps/v1': apps,
  'autoscaling/v2': autoscaling,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
  'monitoring.coreos.com/v1': operator,
}

/** What runs by itself in Helm is a manifest like others where there is no Helm. */
const withoutHooks = { jobs: { hooks: false } }

/** Values that reach every line of the templates which the chart's own values leave out. */
const everything = {
  ...withoutHooks,
  kafkaBrokers: '',
  certificatesSecretName: 'ca',
  settings: { LOG_LEVEL: 'warn' },
  image: { repository: 'registry.example.org/stoa', tag: '1', pullSecrets: ['pull'] },
  ingress: { enabled: true, className: 'nginx', annotations: { a: 'b' }, tlsSecretName: 'tls' },
  monitoring: { serviceMonitor: true, metricsToken: true, alerts: true, dashboard: true },
  networkPolicy: { gatewayFrom: [{ namespaceSelector: {} }] },
  nodeSelector: { disk: 'fast' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
}

const wrongValues: readonly Record<string, unknown>[] = [
  { publicUrl: 'agora.example.org' },
  { kafkaBrokers: 'kafka' },
  { image: { pullPolicy: 'Sometimes' } },
  { parts: { chat: { replicas: 0 } } },
  { parts: { chat: { secrets: { SMTP_URL: 'maybe' } } } },
  { settings: { LOG_LEVEL: 1 } },
  { replicas: 3 },
]

/** The first things first, for who applies or reads the manifests from top to bottom. */
const order = [
  'NetworkPolicy',
  'Job',
  'Service',
  'Deployment',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
]

const notChecked: string[] = []

await runCommand(async () => {
  const isWriting = process.argv.includes('--write')
  if (isWriting) fs.writeFileSync(plain, `${plainHead}${toPlain(await render(withoutHooks))}`)
  await checkYaml()
  await checkCompose()
  await checkChart()
  await checkAlerts()
  await checkMetrics()
  const missing = await checkImage(path.join(deploy, 'Dockerfile'))
  if (missing) notChecked.push(`${missing}.`)
  for (const line of notChecked) console.log(`Not checked: ${line}`)
  console.log('Everything else in deploy/ is as it should be.')
})

/** Runs a tool from outside; answers whether it is there, and fails with what it says. */
async function runTool(hint: string, command: string, ...words: string[]): Promise<boolean> {
  try {
    await execute(command, words, { cwd: root, maxBuffer: 64_000_000 })
    return true
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: string; stdout: string; stderr: string }
    if (code !== 'ENOENT') throw new Problem(`${command} ${words.join(' ')}\n${stdout}${stderr}`)
    notChecked.push(`${command} is not installed, which would ${hint}.`)
    return false
  }
}

async function checkYaml(): Promise<void> {
  const files = fs
    .readdirSync(deploy, { recursive: true, encoding: 'utf8' })
    .filter((file) => /[.]ya?ml$/.test(file) && !file.includes('templates'))
  for (const file of files) readDocuments(fs.readFileSync(path.join(deploy, file), 'utf8'), file)
  const rules =
    '{extends: default, rules: {line-length: {max: 120}, document-start: disable, braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}, indentation: {indent-sequences: consistent}}}'
  const written = files.map((file) => path.join(deploy, file))
  await runTool('look at the style of YAML', 'yamllint', '--strict', '-d', rules, ...written)
}

function readDocuments(text: string, name: string): unknown[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem) throw new Problem(`${name}: ${problem.message}`)
    return document.toJS()
  })
}

/** The split file runs each part once, and every setting that it names is one. */
async function checkCompose(): Promise<void> {
  type Service = { image?: string; command?: string[]; environment?: Record<string, string> }
  const hint = 'compare the compose files with the specification'
  for (const file of ['compose.yml', 'compose.split.yml']) {
    const text = fs.readFileSync(path.join(deploy, file), 'utf8')
    const { services }: { services: Record<string, Service> } = parse(text, { merge: true })
    const own = Object.values(services).filter(({ image }) => image === 'stoa')
    for (const { environment = {} } of own) checkSettings(file, Object.keys(environment))
    if (file !== 'compose.split.yml') continue
    const commands = own.flatMap(({ command = [] }) => command)
    checkParts(
      file,
      commands.filter((word) => !['migrate', 'topics'].includes(word)),
    )
  }
  const names = ['POSTGRES_PASSWORD', 'SERVICE_KEY', 'SIGNING_KEY', 'SETUP_CODE']
  const settings = names.flatMap((name) => ['--env', `${name}=x`])
  const hasCompose = await execute('docker', ['compose', 'version']).then(Boolean, () => false)
  if (!hasCompose) {
    notChecked.push(`docker compose is not installed, which would ${hint}.`)
    return
  }
  for (const file of ['compose.yml', 'compose.split.yml']) {
    const words = [...settings.filter((word) => word !== '--env'), 'docker', 'compose']
    await runTool(hint, 'env', ...words, '--file', path.join(deploy, file), 'config', '--quiet')
  }
}

function checkParts(where: string, found: readonly string[]): void {
  const [listed, wanted] = [found, partNames].map((names) => names.toSorted().join(', '))
  if (listed !== wanted) throw new Problem(`${where} runs ${listed}, and the parts are ${wanted}.`)
}

function checkSettings(where: string, names: readonly string[]): void {
  const known = new Set(Object.values(configSchemas).flatMap(({ shape }) => Object.keys(shape)))
  const unknown = names.filter((name) => !known.has(name))
  if (unknown.length > 0) throw new Problem(`${where}: no such setting: ${unknown.join(', ')}.`)
}

async function checkChart(): Promise<void> {
  if (!(await runTool('check and render the chart', 'helm', 'lint', chart))) return
  const manifests = [...(await render(withoutHooks)), ...(await render(everything))]
  for (const manifest of manifests) checkManifest(manifest)
  await checkTypes(manifests)
  const parts = manifests.filter(({ kind }) => kind === 'Deployment').flatMap(containersOf)
  checkParts('The chart', [...new Set(parts.flatMap(({ args = [] }) => args))])
  for (const values of wrongValues) {
    const isTaken = await render(values).then(Boolean, () => false)
    if (isTaken) throw new Problem(`The chart takes wrong values: ${JSON.stringify(values)}`)
  }
  if (fs.readFileSync(plain, 'utf8') !== `${plainHead}${toPlain(await render(withoutHooks))}`) {
    throw new Problem(
      'deploy/kubernetes/stoa.yaml is not what the chart makes: npm run check:deploy -- --write',
    )
  }
  const example = fs.readFileSync(path.join(deploy, 'kubernetes/secret.example.yaml'), 'utf8')
  const [secret] = readDocuments(example, 'secret.example.yaml') as [Manifest]
  checkManifest(secret)
  checkSettings(
    'secret.example.yaml',
    [...example.matchAll(/^ {2}(?:# )?([A-Z_]+): /gm)].map((m) => m[1] ?? ''),
  )
}

/** What the chart makes of its values when these are laid over them. */
async function render(values: Record<string, unknown>): Promise<Manifest[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-chart-'))
  try {
    const copy = path.join(folder, 'stoa')
    fs.cpSync(chart, copy, { recursive: true })
    const file = path.join(copy, 'values.yaml')
    fs.writeFileSync(file, stringify(overlay(parse(fs.readFileSync(file, 'utf8')), values)))
    const options = { maxBuffer: 64_000_000 }
    const { stdout } = await execute('helm', ['template', copy], options)
    return readDocuments(stdout, 'The rendered chart').filter(Boolean) as Manifest[]
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function overlay(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over
  const merged = Object.entries(over).map(([key, value]) => [key, overlay(under[key], value)])
  return { ...under, ...Object.fromEntries(merged) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without what only Helm reads, and by the name that a release would have. */
function toPlain(manifests: readonly Manifest[]): string {
  const text = JSON.stringify(manifests, (key, value) =>
    key.startsWith('helm.sh/') || value === 'Helm' ? undefined : value,
  ).replaceAll('release-name', 'stoa')
  return (JSON.parse(text) as Manifest[])
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((manifest) => `---\n${stringify(manifest, { lineWidth: 100 })}`)
    .join('')
}

function checkManifest(manifest: Manifest): void {
  const { apiVersion, kind, metadata } = manifest
  const Model = kinds[apiVersion]?.[kind] as
    | (new (
        data: unknown,
      ) => { validate(): void })
    | undefined
  if (!Model) throw new Problem(`${apiVersion} has no ${kind}`)
  try {
    new Model(manifest).validate()
  } catch (error) {
    throw new Problem(`${kind} ${metadata.name}: ${error instanceof Error ? error.message : error}`)
  }
  for (const { env = [] } of containersOf(manifest)) {
    checkSettings(
      `${kind} ${metadata.name}`,
      env.map(({ name }) => name),
    )
  }
}

type Container = { args?: string[]; env?: { name: string }[] }

function containersOf(manifest: Manifest): Container[] {
  type Templated = { spec?: { template?: { spec: { containers: Container[] } } } }
  return (manifest as Templated).spec?.template?.spec.containers ?? []
}

/** The schemas let a misspelt field pass; the types made of them do not. */
async function checkTypes(manifests: readonly Manifest[]): Promise<void> {
  const folder = path.join(root, 'dist/check-deploy')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, 'manifests.ts')
  const lines = manifests.map((manifest, index) => {
    const { apiVersion, kind } = manifest
    const name = apiVersion.startsWith('monitoring')
      ? `@kubernetes-models/prometheus-operator/${apiVersion}`
      : `kubernetes-models/${apiVersion}`
    return `export const m${index}: import('${name}').I${kind} = ${JSON.stringify(manifest)}`
  })
  fs.writeFileSync(file, lines.join('\n'))
  const compiler = path.join(root, 'node_modules/@typescript/native/bin/tsc')
  const words = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext']
  await runTool('', process.execPath, compiler, ...words, '--target', 'esnext', file)
}

async function checkAlerts(): Promise<void> {
  const hint = 'check and test the alerts'
  const rules = path.join(chart, 'files/alerts.yaml')
  const test = path.join(deploy, 'prometheus/alerts.test.yaml')
  if (!(await runTool(hint, 'promtool', 'check', 'rules', rules))) return
  await runTool(hint, 'promtool', 'test', 'rules', test)
  await runTool(
    hint,
    'promtool',
    'check',
    'config',
    path.join(deploy, 'prometheus/prometheus.yaml'),
  )
}

/** Alerts and dashboard ask for nothing that a running Stoa does not show. */
async function checkMetrics(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stoa-deploy-'))
  try {
    // A Redis that is not there is counted as well as one that is.
    const redis = { REDIS_URL: 'redis://127.0.0.1:1' }
    await using app = await start({
      ...redis,
      DATA_FOLDER: folder,
      PORT: '0',
      LOG_LEVEL: 'silent',
    })
    const answer = await fetch(`${app.url}/metrics`)
    const shown = new Set([...(await answer.text()).matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1]))
    for (const file of ['alerts.yaml', 'dashboard.json']) {
      const text = fs.readFileSync(path.join(chart, 'files', file), 'utf8')
      const asked = text.matchAll(
        /\b((?:stoa|http|auth|websocket|process|nodejs)_\w+?)(?:_bucket|_count|_sum)?\{/g,
      )
      const strange = new Set([...asked].map((m) => m[1]).filter((name) => !shown.has(name)))
      if (strange.size > 0)
        throw new Problem(`${file}: no such metric: ${[...strange].join(', ')}.`)
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
