import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { CloseIcon } from './icon.tsx'
import classes from './toast.module.css'

type Toast = { id: number; text: string; tone: 'plain' | 'danger' }

/** Says something briefly, shown and read aloud. */
export type Say = (text: string, tone?: Toast['tone']) => void

const shownMs = 10_000
const atOnce = 3
const SayContext = createContext<Say | undefined>(undefined)

/** Where brief news appears: out of the way, for ten seconds, or until it is closed. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const { t } = useI18n()
  const [toasts, setToasts] = useState<readonly Toast[]>([])

  const close = useCallback((id: number) => {
    setToasts((shown) => shown.filter((toast) => toast.id !== id))
  }, [])
  const say = useCallback<Say>(
    (text, tone = 'plain') => {
      const id = Math.random()
      setToasts((shown) => [
        ...shown.filter((toast) => toast.text !== text).slice(1 - atOnce),
        { id, text, tone },
      ])
      setTimeout(close, shownMs, id)
    },
    [close],
  )

  return (
    <SayContext value={say}>
      {children}
      <div className={classes.toasts} role="status" aria-live="polite">
        {toasts.map(({ id, text, tone }) => (
          <div key={id} className={classes.toast} data-tone={tone}>
            <span className={classes.text}>{text}</span>
            <button
              type="button"
              className={classes.close}
              aria-label={t('action.close')}
              onClick={() => close(id)}
            >
              <CloseIcon size={16} />
            </button>
          </div>
        ))}
      </div>
    </SayContext>
  )
}

export function useSay(): Say {
  const say = useContext(SayContext)
  if (!say) throw new Error('There is no ToastProvider above this component.')
  return say
}
