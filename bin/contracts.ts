import { contracts } from '../contracts/index.ts'
import type { Contract } from '../kit/contract.ts'
import { deadLettersOf } from '../kit/dead-letters.ts'

/** Everything that can be called from outside: the services' own contracts and the kit's. */
export const published: readonly Contract[] = [...contracts, ...contracts.map(deadLettersOf)]
