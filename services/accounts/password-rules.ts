import type { PasswordEstimate, PasswordRefusal } from '../../contracts/accounts.ts'
import type { FieldError } from '../../kit/failure.ts'
import { normalise } from './passwords.ts'

/** What people say of themselves at the same time: no password should be made of it. */
export type OwnWords = {
  username?: string | undefined
  email?: string | undefined
  names?: readonly (string | undefined)[]
}

export type PasswordRules = ReturnType<typeof createPasswordRules>

const maxLength = 128
/** Letters and digits that a password must have besides own words. */
const ownLength = 6
/** The estimate's work grows fast with length, and these many characters tell enough. */
const estimatedLength = 32

/** The rules for new passwords of NIST SP 800-63B-4: length and lists, no character classes. */
export function createPasswordRules(minLength: number) {
  let estimator: ReturnType<typeof loadEstimator> | undefined

  async function findRefusals(typed: string, own: OwnWords): Promise<PasswordRefusal[]> {
    const password = normalise(typed)
    const length = [...password].length
    const refusals: PasswordRefusal[] = []
    if (length < minLength) refusals.push('too_short')
    if (length > maxLength) return [...refusals, 'too_long']
    if (await isCommon(password)) refusals.push('common')
    if (isPersonal(password, own)) refusals.push('personal')
    return refusals
  }

  const messages: Record<PasswordRefusal, string> = {
    too_short: `At least ${minLength} characters`,
    too_long: `At most ${maxLength} characters`,
    common: 'Many people use this password, so it is tried first',
    personal: 'Not made of your own name or e-mail address',
  }

  return {
    async findErrors(password: string, own: OwnWords): Promise<FieldError[]> {
      const refusals = await findRefusals(password, own)
      return refusals.map((refusal) => ({ field: 'password', message: messages[refusal] }))
    },

    async estimate(password: string, own: OwnWords): Promise<PasswordEstimate> {
      const refusals = await findRefusals(password, own)
      estimator ??= loadEstimator()
      const { score, feedback } = (await estimator).check(
        normalise(password).slice(0, estimatedLength),
        listOwnWords(own),
      )
      return {
        score,
        acceptable: refusals.length === 0,
        refusals,
        warning: feedback.warning,
        suggestions: feedback.suggestions,
      }
    },
  }
}

// The lists take some 20 MB, so they are loaded when the first password is judged.
const loadLists = () => import('@zxcvbn-ts/language-common')

async function isCommon(password: string): Promise<boolean> {
  const { dictionary } = await loadLists()
  return dictionary['passwords-common'].includes(password.toLowerCase())
}

async function loadEstimator() {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    loadLists(),
  ])
  return new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    maxLength: estimatedLength,
    l33tMaxSubstitutions: 10,
  })
}

/** Whether little is left of a password without the own words in it. */
function isPersonal(password: string, own: OwnWords): boolean {
  const folded = password.toLowerCase()
  const words = listOwnWords(own).filter((word) => folded.includes(word))
  if (words.length === 0) return false
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), folded)
  return (rest.match(/[\p{L}\p{N}]/gu)?.length ?? 0) < ownLength
}

/** The words as a whole and in their parts, longest first; short parts are in any password. */
function listOwnWords({ username, email, names = [] }: OwnWords): string[] {
  const whole = [username, email, email?.split('@')[0], ...names]
    .filter((word) => word !== undefined)
    .map((word) => normalise(word).toLowerCase())
  const parts = whole.flatMap((word) => word.split(/[^\p{L}\p{N}]+/u))
  const words = new Set([...whole, ...parts].filter((word) => word.length >= 3))
  return [...words].sort((a, b) => b.length - a.length)
}
