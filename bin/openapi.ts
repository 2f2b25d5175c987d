// `npm run openapi`: writes what the contracts say as docs/openapi.json and docs/asyncapi.json.
import fs from 'node:fs'
import path from 'node:path'
import { createAsyncApiDocument, createOpenApiDocument } from '../gateway/documents.ts'
import packageJson from '../package.json' with { type: 'json' }
import { published } from './contracts.ts'

const { version } = packageJson
const documents = {
  openapi: createOpenApiDocument(published, version),
  asyncapi: createAsyncApiDocument(published, version, new URL('http://localhost:3000')),
}

for (const [name, document] of Object.entries(documents)) {
  const file = path.resolve(import.meta.dirname, `../docs/${name}.json`)
  fs.writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`)
  console.log(`docs/${name}.json`)
}
