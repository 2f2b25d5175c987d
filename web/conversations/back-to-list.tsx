import { Link } from '@tanstack/react-router'
import { useI18n } from '../lib/i18n.tsx'
import { BackIcon } from '../ui/icon.tsx'
import classes from './conversation-screen.module.css'

/** On phones, where the list is another screen. */
export function BackToList() {
  const { t } = useI18n()
  return (
    <Link to="/conversations" className={classes.back} aria-label={t('chat.backToList')}>
      <BackIcon />
    </Link>
  )
}
