import { useNavigate, useParams } from '@tanstack/react-router'
import type { RefObject } from 'react'
import { useCommands } from '../lib/commands.tsx'
import { useI18n } from '../lib/i18n.tsx'

/** Keys of an open conversation, for the palette and the sheet of shortcuts. */
export function useConversationCommands({
  field,
  isGroup,
}: {
  field: RefObject<HTMLTextAreaElement | null>
  isGroup: boolean
}): void {
  const { t } = useI18n()
  const navigate = useNavigate()
  const { conversationId = '' } = useParams({ strict: false })
  const group = t('chat.keys')
  useCommands('conversation', [
    { id: 'write', title: t('chat.keyWrite'), group, keys: 'w', run: () => field.current?.focus() },
    {
      id: 'details',
      title: t(isGroup ? 'chat.detailsGroup' : 'chat.details'),
      group,
      keys: 'd',
      run: () =>
        void navigate({
          to: '/conversations/$conversationId',
          params: { conversationId },
          search: { panel: 'details' },
        }),
    },
    { id: 'change-last', title: t('chat.keyChangeLast'), group, keys: 'ArrowUp' },
    { id: 'walk', title: t('chat.keyWalk'), group, keys: 'j' },
    { id: 'walk-back', title: t('chat.keyWalkBack'), group, keys: 'k' },
    { id: 'reply', title: t('chat.reply'), group, keys: 'r' },
    { id: 'react', title: t('chat.react'), group, keys: '+' },
    { id: 'edit', title: t('chat.edit'), group, keys: 'e' },
    { id: 'copy', title: t('chat.copyText'), group, keys: 'c' },
    { id: 'pin', title: t('chat.pin'), group, keys: 'p' },
    { id: 'delete', title: t('chat.delete'), group, keys: 'Delete' },
  ])
}
