import { useI18n } from '../lib/i18n.tsx'
import { MoreIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import {
  CopyIcon,
  EditIcon,
  EyeIcon,
  LinkIcon,
  PinIcon,
  ReplyIcon,
  SmileIcon,
  TrashIcon,
} from './icons.tsx'
import { useActions } from './message-actions.tsx'
import { plainText } from './message-body.tsx'
import classes from './message-tools.module.css'
import type { Message } from './shapes.ts'

const quick = ['👍', '❤️', '😂']

/** What can be done with a message, over its corner while one is at it. */
export function MessageTools({ message, own }: { message: Message; own: boolean }) {
  const { t } = useI18n()
  const actions = useActions()
  const address = () => {
    const link = new URL(`/conversations/${message.conversationId}`, location.origin)
    link.searchParams.set('message', message.id)
    return link.href
  }
  return (
    <div className={classes.tools} role="toolbar" aria-label={t('chat.actions')}>
      {quick.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className={classes.quick}
          aria-label={t('chat.reactWith', { emoji })}
          onClick={() => actions.react(message, emoji)}
        >
          {emoji}
        </button>
      ))}
      <IconButton
        className={classes.tool}
        label={t('chat.react')}
        shortcut="+"
        icon={<SmileIcon size={18} />}
        onClick={() => actions.askReaction(message)}
      />
      <IconButton
        className={classes.tool}
        label={t('chat.reply')}
        shortcut="R"
        icon={<ReplyIcon size={18} />}
        onClick={() => actions.reply(message)}
      />
      <Menu
        button={(button) => (
          <IconButton
            {...button}
            className={classes.tool}
            label={t('chat.more')}
            icon={<MoreIcon size={18} />}
          />
        )}
      >
        {own && (
          <MenuItem icon={<EditIcon />} onClick={() => actions.edit(message)}>
            {t('chat.edit')}
          </MenuItem>
        )}
        {actions.mayPin && (
          <MenuItem icon={<PinIcon />} onClick={() => actions.pin(message)}>
            {t(actions.isPinned(message.id) ? 'chat.unpin' : 'chat.pin')}
          </MenuItem>
        )}
        <MenuItem
          icon={<CopyIcon />}
          onClick={() => actions.copy(message.content)}
          title={plainText(message.content).slice(0, 80)}
        >
          {t('chat.copyText')}
        </MenuItem>
        <MenuItem icon={<LinkIcon />} onClick={() => actions.copy(address())}>
          {t('chat.copyLink')}
        </MenuItem>
        {own && (
          <MenuItem icon={<EyeIcon />} onClick={() => actions.showReaders(message)}>
            {t('chat.readers')}
          </MenuItem>
        )}
        {actions.mayDelete(message) && (
          <MenuItem tone="danger" icon={<TrashIcon />} onClick={() => actions.askDelete(message)}>
            {t('chat.delete')}
          </MenuItem>
        )}
      </Menu>
    </div>
  )
}
