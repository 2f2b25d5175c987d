import { Outlet, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { MeProvider } from '../lib/client.tsx'
import { useCommands } from '../lib/commands.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { lazily } from '../lib/lazily.tsx'
import { DesktopNotifications } from '../notifications/desktop.tsx'
import { InMain } from '../ui/whole-page.tsx'
import { Banner } from './banner.tsx'
import { ConfirmBanner } from './confirm-banner.tsx'
import { Navigation } from './navigation.tsx'
import { useOwnPreferences } from './own-preferences.ts'
import classes from './shell.module.css'

const Palette = lazily(() => import('./palette.tsx').then(({ Palette }) => Palette))
const ShortcutsSheet = lazily(() =>
  import('./shortcuts-sheet.tsx').then(({ ShortcutsSheet }) => ShortcutsSheet),
)

/** After the first view; who calls the palette by its key types on at once. */
const warmAfterMs = 1_000

/** What stands around every screen of signed-in people. */
export function Shell() {
  return (
    <MeProvider>
      <Frame />
    </MeProvider>
  )
}

function Frame() {
  const { t } = useI18n()
  const navigate = useNavigate()
  const [open, setOpen] = useState<'palette' | 'shortcuts'>()
  const group = t('shortcuts.general')
  useOwnPreferences()
  useEffect(() => {
    const timer = setTimeout(() => {
      Palette.warm()
      ShortcutsSheet.warm()
    }, warmAfterMs)
    return () => clearTimeout(timer)
  }, [])

  useCommands('shell', [
    {
      id: 'palette',
      title: t('shortcuts.palette'),
      group,
      keys: 'mod+k',
      run: () => setOpen((shown) => (shown === 'palette' ? undefined : 'palette')),
    },
    {
      id: 'shortcuts',
      title: t('shortcuts.title'),
      group,
      keys: '?',
      run: () => setOpen('shortcuts'),
    },
    {
      id: 'conversations',
      title: t('shortcuts.goConversations'),
      group,
      keys: 'g c',
      run: () => void navigate({ to: '/conversations' }),
    },
    {
      id: 'people',
      title: t('shortcuts.goPeople'),
      group,
      keys: 'g p',
      run: () => void navigate({ to: '/people' }),
    },
    {
      id: 'notifications',
      title: t('shortcuts.goNotifications'),
      group,
      keys: 'g n',
      run: () => void navigate({ to: '/notifications' }),
    },
    {
      id: 'settings',
      title: t('shortcuts.goSettings'),
      group,
      keys: 'g s',
      run: () => void navigate({ to: '/settings' }),
    },
    { id: 'close', title: t('shortcuts.close'), group, keys: 'Escape' },
  ])

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        {t('nav.skip')}
      </a>
      <Navigation onPalette={() => setOpen('palette')} onShortcuts={() => setOpen('shortcuts')} />
      <div className={classes.inside}>
        <Banner />
        <ConfirmBanner />
        <main id="content" className={classes.content} tabIndex={-1}>
          <InMain value={true}>
            <Outlet />
          </InMain>
        </main>
      </div>
      <DesktopNotifications />
      {open === 'palette' && <Palette onClose={() => setOpen(undefined)} />}
      {open === 'shortcuts' && <ShortcutsSheet onClose={() => setOpen(undefined)} />}
    </div>
  )
}
