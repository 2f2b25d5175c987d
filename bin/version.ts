import fs from 'node:fs'
import { findPackageJSON } from 'node:module'
import path from 'node:path'

/** The same for the sources and for the bundle that is made of them. */
const manifest = findPackageJSON(import.meta.url) ?? ''

/** Folder of the installation. */
export const root = path.dirname(manifest)

export function readVersion(): string {
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version
}
