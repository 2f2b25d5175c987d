import { memo } from 'react'
import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { Badge, ListRow } from '../ui/list-row.tsx'
import { Time } from '../ui/time.tsx'
import { TypingLine } from './conversation-header.tsx'
import classes from './conversation-list.module.css'
import { MuteIcon, PinIcon } from './icons.tsx'
import { useKeyed } from './keyed.ts'
import { plainText } from './message-body.tsx'
import { usePersonName, useTitleOf } from './names.ts'
import type { Conversation } from './shapes.ts'
import { useShownPresence, useStores } from './stores.tsx'
import { useListedConversation } from './use-conversations.ts'

/** A conversation in the list: it is drawn again when something happens in it, and only then. */
export const ConversationRow = memo(function ConversationRow({
  conversationId,
}: {
  conversationId: string
}) {
  const conversation = useListedConversation(conversationId)
  if (!conversation) return null
  return (
    <li className={classes.item}>
      <Row conversation={conversation} />
    </li>
  )
})

function Row({ conversation }: { conversation: Conversation }) {
  const { t, formatNumber } = useI18n()
  const { id, person, avatar, own, lastMessage, activeAt } = conversation
  const title = useTitleOf()(conversation)
  const presence = useShownPresence(person?.id)
  const { unread, mentions, muted, pinned } = own

  return (
    <ListRow
      to="/conversations/$conversationId"
      params={{ conversationId: id }}
      strong={unread > 0 && !muted}
      before={
        <Avatar
          name={title}
          id={person?.id ?? id}
          src={person ? person.avatar : avatar}
          presence={presence}
          presenceLabel={presence && t(`presence.${presence}`)}
        />
      }
      title={<bdi>{title}</bdi>}
      meta={<Time at={lastMessage?.createdAt ?? activeAt} />}
      text={<Preview conversation={conversation} />}
      badges={
        (unread > 0 || muted || pinned) && (
          <>
            {pinned && (
              <span title={t('chat.onTop')}>
                <PinIcon size={16} />
                <span className="said">{t('chat.onTop')}</span>
              </span>
            )}
            {muted && (
              <span title={t('chat.muted')}>
                <MuteIcon size={16} />
                <span className="said">{t('chat.muted')}</span>
              </span>
            )}
            {mentions > 0 && (
              <Badge tone="mention">
                <span aria-hidden="true">@</span>
                <span className="said">{t('chat.mentionsYou', { count: mentions })}</span>
              </Badge>
            )}
            {unread > 0 && (
              <Badge tone={muted ? 'plain' : 'mention'}>
                <span aria-hidden="true">{unread > 999 ? '999+' : formatNumber(unread)}</span>
                <span className="said">{t('nav.unread', { count: unread })}</span>
              </Badge>
            )}
          </>
        )
      }
    />
  )
}

/** What happens there: somebody writes, one has not finished, or what was said last. */
function Preview({ conversation }: { conversation: Conversation }) {
  const { t } = useI18n()
  const me = useMe()
  const { typing, drafts } = useStores()
  const { id, type, lastMessage, own } = conversation
  const writing = useKeyed(typing, id)
  const draft = useKeyed(drafts, id)
  const isGroup = type === 'group'
  const isOwn = lastMessage?.senderId === me.id
  const name = usePersonName(isGroup && !isOwn ? lastMessage?.senderId : undefined)

  if (writing) return <TypingLine userIds={writing} isGroup={isGroup} />
  if (draft?.text.trim()) {
    return (
      <>
        <span className={classes.draft}>{t('chat.draft')}</span>{' '}
        <bdi>{draft.text.slice(0, 140)}</bdi>
      </>
    )
  }
  if (!lastMessage || lastMessage.seq <= own.clearedSeq) return t('chat.noMessages')
  return (
    <>
      {isOwn && `${t('chat.youSaid')} `}
      {isGroup && !isOwn && (
        <>
          <bdi>{name}</bdi>:{' '}
        </>
      )}
      {lastMessage.deleted ? (
        <em>{t('chat.deleted')}</em>
      ) : (
        <bdi>{plainText(lastMessage.preview)}</bdi>
      )}
    </>
  )
}
