import { useI18n } from '../lib/i18n.tsx'
import type { Known } from './people.ts'
import type { Conversation } from './shapes.ts'
import { usePerson } from './stores.tsx'

/** What somebody is called on the screen. */
export function useNameOf(): (person: Known | undefined | null) => string {
  const { t } = useI18n()
  return (person) => {
    if (person === undefined) return '…'
    return person === 'unknown' || person === null ? t('chat.someone') : person.displayName
  }
}

export function usePersonName(userId: string | undefined): string {
  const nameOf = useNameOf()
  return nameOf(usePerson(userId))
}

/** What a conversation is called: a group by its name, one of two by the other person. */
export function useTitleOf(): (conversation: Conversation) => string {
  const nameOf = useNameOf()
  return ({ type, name, person }) => (type === 'group' ? (name ?? '') : nameOf(person))
}
