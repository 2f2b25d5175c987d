import type { Migrations } from '../../../kit/db/migrate.ts'
import { up as init } from './001-init.ts'
import { up as search } from './002-search.ts'
import { up as pinned } from './003-pinned.ts'

export const migrations: Migrations = {
  '001-init': { up: init },
  '002-search': { up: search },
  '003-pinned': { up: pinned },
}
