import { useI18n } from '../lib/i18n.tsx'
import classes from './keys.module.css'

/** A key combination as it stands on the keyboard: `mod+k`, `g c`, `Escape`. */
export function Keys({ keys }: { keys: string }) {
  const { t } = useI18n()
  const mac = /mac|iphone|ipad/i.test(navigator.userAgent)
  const names: Record<string, string> = {
    mod: mac ? '⌘' : 'Ctrl',
    shift: mac ? '⇧' : 'Shift',
    alt: mac ? '⌥' : 'Alt',
    Escape: 'Esc',
    ArrowUp: '↑',
    ArrowDown: '↓',
  }
  return (
    <span className={classes.keys}>
      {keys.split(' ').map((step, at) => (
        <span key={step}>
          {at > 0 && <span className={classes.then}> {t('shortcuts.then')} </span>}
          {step.split('+').map((key) => (
            <kbd key={key} className={classes.key}>
              {names[key] ?? key.toUpperCase()}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  )
}
