import type { Migrations } from '../../../kit/db/migrate.ts'
import { up as init } from './001-init.ts'

export const migrations: Migrations = { '001-init': { up: init } }
