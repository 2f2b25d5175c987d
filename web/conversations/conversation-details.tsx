import { useNavigate } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { CloseIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Pane } from '../ui/screen.tsx'
import { ErrorState, LoadingState } from '../ui/states.tsx'
import classes from './conversation-details.module.css'
import { DangerZone } from './danger-zone.tsx'
import { EditGroup } from './edit-group.tsx'
import { Members } from './members.tsx'
import { useTitleOf } from './names.ts'
import { OwnChoices } from './own-choices.tsx'
import type { Conversation } from './shapes.ts'
import { useConversation } from './use-conversations.ts'

/** What more there is about a conversation: who is in it, and what one can do with it. */
export function ConversationDetails({ conversationId }: { conversationId: string }) {
  const { t } = useI18n()
  const navigate = useNavigate()
  const { data: conversation, error, refetch } = useConversation(conversationId)
  const group = conversation?.type === 'group'
  return (
    <Pane
      level={2}
      title={t(group ? 'chat.detailsGroup' : 'chat.details')}
      focusOn={conversationId}
      actions={
        <IconButton
          label={t('action.close')}
          icon={<CloseIcon />}
          onClick={() =>
            void navigate({
              to: '/conversations/$conversationId',
              params: { conversationId },
              search: {},
            })
          }
        />
      }
    >
      {conversation ? (
        <Known conversation={conversation} />
      ) : error ? (
        <ErrorState error={error} retry={refetch} />
      ) : (
        <LoadingState />
      )}
    </Pane>
  )
}

function Known({ conversation }: { conversation: Conversation }) {
  const { t, formatDate } = useI18n()
  const title = useTitleOf()(conversation)
  const { id, person, avatar, type, description, createdAt, own } = conversation
  return (
    <div className={classes.details}>
      <div className={classes.who}>
        <Avatar
          name={title}
          id={person?.id ?? id}
          src={person ? person.avatar : avatar}
          size={72}
        />
        <h3 className={classes.name} dir="auto">
          {title}
        </h3>
        {person && <p className={classes.faint}>@{person.username}</p>}
        {description && (
          <p className={classes.description} dir="auto">
            {description}
          </p>
        )}
        <p className={classes.faint}>{t('chat.since', { date: formatDate(createdAt) })}</p>
        {type === 'group' && own.admin && <EditGroup conversation={conversation} />}
      </div>
      <OwnChoices conversation={conversation} />
      <Members conversation={conversation} />
      <DangerZone conversation={conversation} title={title} />
    </div>
  )
}
