import { Link } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import classes from './conversation-screen.module.css'
import { DetailsButton } from './details-button.tsx'
import { useKeyed } from './keyed.ts'
import { useNameOf } from './names.ts'
import type { Conversation } from './shapes.ts'
import { usePerson, useShownPresence, useStores } from './stores.tsx'

/** The parts of what stands above a conversation. */
export const ConversationHeader = { Face, Subtitle, Actions, Beginning }

function Face({ conversation, title }: { conversation: Conversation; title: string }) {
  const { person, avatar, id } = conversation
  const presence = useShownPresence(person?.id)
  return (
    <span className={classes.avatar}>
      <Avatar
        name={title}
        id={person?.id ?? id}
        src={person ? person.avatar : avatar}
        size={36}
        presence={presence}
      />
    </span>
  )
}

/** Who writes, or else who is there. */
function Subtitle({ conversation }: { conversation: Conversation }) {
  const { t } = useI18n()
  const { typing } = useStores()
  const { person, memberCount, type, id } = conversation
  const presence = useShownPresence(person?.id)
  const writing = useKeyed(typing, id)
  if (writing) return <TypingLine userIds={writing} isGroup={type === 'group'} />
  if (type === 'group') return t('chat.members', { count: memberCount })
  if (person?.blocked) return t('chat.deactivated')
  return (
    <span>
      {person && <bdi>@{person.username}</bdi>}
      {presence && ` · ${t(`presence.${presence}`)}`}
    </span>
  )
}

export function TypingLine({ userIds, isGroup }: { userIds: readonly string[]; isGroup: boolean }) {
  const { t } = useI18n()
  const nameOf = useNameOf()
  const first = usePerson(userIds[0])
  const second = usePerson(userIds[1])
  if (!isGroup) return <span className={classes.typing}>{t('chat.typing')}</span>
  const one = nameOf(first)
  return (
    <span className={classes.typing}>
      {userIds.length === 1
        ? t('chat.typingOne', { name: one })
        : userIds.length === 2
          ? t('chat.typingTwo', { one, two: nameOf(second) })
          : t('chat.typingMany', { count: userIds.length })}
    </span>
  )
}

function Actions({ conversation }: { conversation: Conversation }) {
  return <DetailsButton conversation={conversation} />
}

/** Above the first message. */
function Beginning({ conversation, title }: { conversation: Conversation; title: string }) {
  const { t, formatDate } = useI18n()
  const { person, avatar, id, type, description, createdAt } = conversation
  return (
    <div className={classes.beginning}>
      <Avatar name={title} id={person?.id ?? id} src={person ? person.avatar : avatar} size={64} />
      <h2 dir="auto">{title}</h2>
      {description && <p dir="auto">{description}</p>}
      <p>
        {type === 'group'
          ? t('chat.beginningGroup', { date: formatDate(createdAt) })
          : t('chat.beginning', { name: title })}
      </p>
      {person && (
        <Link to="/people/$userId" params={{ userId: person.id }}>
          {t('chat.profile')}
        </Link>
      )}
    </div>
  )
}
