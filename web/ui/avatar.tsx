import { useState } from 'react'
import classes from './avatar.module.css'

export type AvatarProps = {
  /** Whose it is: decides letters and colour. */
  name: string
  /** Keeps its colour when the name changes. */
  id: string
  /** Address of a picture, if there is one. */
  src?: string | null | undefined
  /** Pixels at 100 % zoom. */
  size?: number
  /** Shows a dot; the words for it are beside the avatar, or in `presenceLabel`. */
  presence?: 'online' | 'away' | 'busy' | 'offline' | undefined
  presenceLabel?: string | undefined
}

/** A picture of somebody, or else their initials. The name stands beside it, so it is not read. */
export function Avatar({ name, id, src, size = 40, presence, presenceLabel }: AvatarProps) {
  const [failed, setFailed] = useState<string>()
  const shown = src && src !== failed
  return (
    <span
      className={classes.avatar}
      data-hue={hueOf(id)}
      style={{ width: size, height: size, fontSize: size * 0.4 }}
    >
      {shown ? (
        <img
          className={classes.picture}
          src={src}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          onError={() => setFailed(src)}
        />
      ) : (
        <span aria-hidden="true">{initialsOf(name)}</span>
      )}
      {presence && presence !== 'offline' && (
        <span className={classes.dot} data-presence={presence} title={presenceLabel}>
          {presenceLabel && <span className="said">{presenceLabel}</span>}
        </span>
      )}
    </span>
  )
}

function hueOf(id: string): number {
  let sum = 0
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997
  return sum % 6
}

/** First letters of the first and the last word; a letter is what people take for one. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u)
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  const first = (word = '') => letters.segment(word)[Symbol.iterator]().next().value?.segment ?? ''
  return chosen.map(first).join('').toLocaleUpperCase()
}
