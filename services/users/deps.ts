import type { Given } from './given.ts'
import type { Presence } from './presence.ts'
import type { Profiles } from './profiles.ts'

/** What the service is given, and what it makes of that once. */
export type Deps = Given & { profiles: Profiles; presence: Presence }
