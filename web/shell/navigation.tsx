import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useCall } from '../lib/calls.ts'
import { useClient, useMe } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useSite } from '../lib/site.ts'
import { useTitleBadge } from '../lib/title.tsx'
import { Avatar } from '../ui/avatar.tsx'
import {
  AuditIcon,
  BellIcon,
  ConversationsIcon,
  KeyboardIcon,
  MailIcon,
  PeopleIcon,
  SearchIcon,
  SettingsIcon,
  SignOutIcon,
} from '../ui/icon.tsx'
import { Badge } from '../ui/list-row.tsx'
import { Menu, MenuDivider, MenuItem, MenuLink } from '../ui/menu.tsx'
import classes from './navigation.module.css'
import { useUnread } from './unread.ts'

type Section = {
  to: NonNullable<LinkProps['to']>
  label: string
  icon: ReactNode
  unread?: { count: number; calls: boolean }
}

export type NavigationProps = { onPalette: () => void; onShortcuts: () => void }

/** The one navigation: a rail at the side, or a bar at the bottom of a phone. */
export function Navigation({ onPalette, onShortcuts }: NavigationProps) {
  const { t } = useI18n()
  const me = useMe()
  const { messages, mentions, notifications } = useUnread()
  useTitleBadge(messages + notifications)

  const sections: Section[] = [
    {
      to: '/conversations',
      label: t('nav.conversations'),
      icon: <ConversationsIcon size={22} />,
      unread: { count: messages, calls: mentions > 0 },
    },
    { to: '/people', label: t('nav.people'), icon: <PeopleIcon size={22} /> },
    {
      to: '/notifications',
      label: t('nav.notifications'),
      icon: <BellIcon size={22} />,
      unread: { count: notifications, calls: true },
    },
  ]

  return (
    <nav className={classes.nav} aria-label={t('nav.label')}>
      <ul className={classes.sections}>
        {sections.map((section) => (
          <li key={section.to}>
            <SectionLink {...section} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        className={classes.item}
        data-only="rail"
        onClick={onPalette}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <span className="said">{t('palette.title')}</span>
        <span className={classes.icon}>
          <SearchIcon size={22} />
        </span>
        <kbd className={classes.keys}>Ctrl K</kbd>
      </button>
      <YouMenu isAdmin={me.role === 'admin'} onShortcuts={onShortcuts} />
    </nav>
  )
}

function SectionLink({ to, label, icon, unread }: Section) {
  const { t, formatNumber } = useI18n()
  const count = unread?.count ?? 0
  return (
    <Link to={to} className={classes.item}>
      <span className={classes.icon}>
        {icon}
        {count > 0 && (
          <span className={classes.badge}>
            <Badge tone={unread?.calls ? 'mention' : 'plain'}>
              <span aria-hidden="true">{count > 99 ? '99+' : formatNumber(count)}</span>
              <span className="said">{t('nav.unread', { count })}</span>
            </Badge>
          </span>
        )}
      </span>
      <span className={classes.label}>{label}</span>
    </Link>
  )
}

function YouMenu({ isAdmin, onShortcuts }: { isAdmin: boolean; onShortcuts: () => void }) {
  const { t } = useI18n()
  const client = useClient()
  const { data: site } = useSite()
  const { data: profile } = useCall('users', 'getMe', {}, { staleTime: 300_000 })
  const me = useMe()
  const name = profile?.displayName ?? me.username

  return (
    <Menu
      beside
      button={(button) => (
        <button {...button} type="button" className={classes.item}>
          <span className="said">{t('nav.you', { name })}</span>
          <Avatar name={name} id={me.id} src={profile?.avatar} size={32} />
          <span className={classes.label} data-only="bar">
            {t('nav.more')}
          </span>
        </button>
      )}
    >
      <div className={classes.who}>
        <strong>{name}</strong>
        <span>
          @{me.username}
          {site && ` · ${site.siteName}`}
        </span>
      </div>
      <MenuDivider />
      <MenuLink to="/settings" icon={<SettingsIcon />}>
        {t('nav.settings')}
      </MenuLink>
      {isAdmin && (
        <>
          <MenuLink to="/audit" icon={<AuditIcon />}>
            {t('nav.audit')}
          </MenuLink>
          <DevMailItem />
        </>
      )}
      <MenuItem icon={<KeyboardIcon />} onClick={onShortcuts}>
        {t('shortcuts.title')}
      </MenuItem>
      <MenuDivider />
      <MenuItem icon={<SignOutIcon />} onClick={() => void client.signOut().catch(() => undefined)}>
        {t('action.signOut')}
      </MenuItem>
    </Menu>
  )
}

/** Only where the server shows its own mail: on a developer's machine. */
function DevMailItem() {
  const { t } = useI18n()
  const { data } = useCall('notifications', 'listLocalMail', { limit: 1 }, { staleTime: 600_000 })
  if (!data) return null
  return (
    <MenuLink to="/dev/mail" icon={<MailIcon />}>
      {t('nav.devMail')}
    </MenuLink>
  )
}
