import type { ErrorComponentProps } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { Button } from '../ui/button.tsx'
import { AlertIcon } from '../ui/icon.tsx'
import { EmptyState } from '../ui/states.tsx'
import { WholePage } from '../ui/whole-page.tsx'

/** In the place of a screen that could not be loaded, or that has a bug. */
export function BrokenPage({ error }: ErrorComponentProps) {
  const { t } = useI18n()
  const missing = /dynamically imported module|module script|preload CSS/i.test(String(error))
  return (
    <WholePage>
      <EmptyState
        level={1}
        icon={<AlertIcon size={28} />}
        title={t(missing ? 'state.newVersion' : 'state.broken')}
        hint={t(missing ? 'state.newVersionHint' : 'state.brokenHint')}
        action={<Button onClick={() => location.reload()}>{t('state.reload')}</Button>}
      />
    </WholePage>
  )
}
