import { useEffect, useRef, useState } from 'react'
import { useLiveState } from '../lib/client.tsx'
import { useI18n } from '../lib/i18n.tsx'
import { useOnline } from '../lib/online.ts'
import { useIsMember } from '../lib/site.ts'
import { OfflineIcon } from '../ui/icon.tsx'
import classes from './banner.module.css'

/** A connection that comes back within this time was never missed. */
const patienceMs = 1_500
/** The first may take its time: what is shown was just asked for, and must not be pushed away. */
const firstPatienceMs = 10_000

/** Says that the connection is gone, and nothing while all is well. */
export function Banner() {
  const { t } = useI18n()
  const online = useOnline()
  const isMember = useIsMember()
  const state = useLiveState()
  const [late, setLate] = useState(false)
  const wasOnline = useRef(false)
  const away = state === 'connecting' && isMember === true

  useEffect(() => {
    if (state === 'online') wasOnline.current = true
  }, [state])
  useEffect(() => {
    if (!away) return setLate(false)
    const timer = setTimeout(setLate, wasOnline.current ? patienceMs : firstPatienceMs, true)
    return () => clearTimeout(timer)
  }, [away])

  const text = online ? away && late && t('state.connecting') : t('state.offline')
  return (
    <div role="status" aria-live="polite">
      {text && (
        <div className={classes.banner}>
          <OfflineIcon size={18} />
          {text}
        </div>
      )}
    </div>
  )
}
