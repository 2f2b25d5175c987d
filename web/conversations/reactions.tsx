import { useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useActions } from './message-actions.tsx'
import classes from './reactions.module.css'
import type { Message } from './shapes.ts'
import { useStores } from './stores.tsx'

const namedAtMost = 10

/** Who has reacted to a message with what; pressing one joins in or takes one's own back. */
export function Reactions({ message }: { message: Message }) {
  const { t, formatList, formatNumber } = useI18n()
  const { react } = useActions()
  const { people } = useStores()
  const me = useMe()

  function namesOf(userIds: readonly string[]): string {
    const names = userIds.slice(0, namedAtMost).map((id) => {
      const person = people.get(id)
      if (id === me.id) return t('chat.you')
      return typeof person === 'object' ? person.displayName : t('chat.someone')
    })
    const more = userIds.length - names.length
    return formatList(more > 0 ? [...names, t('chat.moreOf', { count: more })] : names)
  }

  return (
    <div className={classes.reactions}>
      {message.reactions.map(({ emoji, userIds }) => (
        <button
          key={emoji}
          type="button"
          className={classes.reaction}
          aria-pressed={userIds.includes(me.id)}
          aria-label={t('chat.reaction', { emoji, count: userIds.length })}
          title={namesOf(userIds)}
          onClick={() => react(message, emoji)}
        >
          <span aria-hidden="true">{emoji}</span>
          <span className={classes.count}>{formatNumber(userIds.length)}</span>
        </button>
      ))}
    </div>
  )
}
