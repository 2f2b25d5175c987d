import { useNavigate, useSearch } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { InfoIcon } from './icons.tsx'
import type { Conversation } from './shapes.ts'

/** Opens and closes what more there is about a conversation. */
export function DetailsButton({ conversation: { id, type } }: { conversation: Conversation }) {
  const { t } = useI18n()
  const navigate = useNavigate()
  const { panel } = useSearch({ strict: false })
  const open = panel === 'details'
  return (
    <IconButton
      label={t(type === 'group' ? 'chat.detailsGroup' : 'chat.details')}
      shortcut="D"
      icon={<InfoIcon />}
      aria-expanded={open}
      onClick={() =>
        void navigate({
          to: '/conversations/$conversationId',
          params: { conversationId: id },
          search: open ? {} : { panel: 'details' },
        })
      }
    />
  )
}
