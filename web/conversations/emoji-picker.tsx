import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { emojiGroups, type NamedEmoji } from './emoji.ts'
import classes from './emoji-picker.module.css'

const key = 'stoa.emoji.recent'
const recentAtMost = 16
const columns = 8

/** Emoji by group, by search in the words of this language, and those used last. */
export function EmojiPicker({ onPick }: { onPick(emoji: string): void }) {
  const { t, language } = useI18n()
  const grid = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [recent, setRecent] = useState(readRecent)

  const all = useMemo(() => emojiGroups.flatMap(({ emoji }) => emoji), [])
  const known = new Map(all.map((one) => [one.emoji, one]))
  const groups: { name: string; emoji: readonly NamedEmoji[] }[] = text.trim()
    ? [{ name: t('emoji.found'), emoji: all.filter((one) => fits(one, text)) }]
    : [
        ...(recent.length > 0
          ? [{ name: t('emoji.recent'), emoji: recent.flatMap((one) => known.get(one) ?? []) }]
          : []),
        ...emojiGroups.map(({ name, emoji }) => ({ name: t(`emoji.${name}`), emoji })),
      ]
  const none = groups.every(({ emoji }) => emoji.length === 0)

  function pick(emoji: string): void {
    const next = [emoji, ...recent.filter((one) => one !== emoji)].slice(0, recentAtMost)
    setRecent(next)
    try {
      localStorage.setItem(key, JSON.stringify(next))
    } catch {
      // They are remembered until the page goes.
    }
    onPick(emoji)
  }

  /** The arrow keys walk over the grid, as over keys of a keyboard. */
  function move(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
    }
    const step = steps[event.key]
    const buttons = [...(grid.current?.querySelectorAll('button') ?? [])]
    const at = buttons.indexOf(event.target as HTMLButtonElement)
    const next = step === undefined || at < 0 ? undefined : buttons[at + step]
    if (!next) return
    event.preventDefault()
    next.focus()
  }

  return (
    <div className={classes.picker}>
      <input
        // biome-ignore lint/a11y/noAutofocus: it was opened to search or to choose.
        autoFocus
        type="search"
        className={classes.search}
        placeholder={t('emoji.search')}
        aria-label={t('emoji.search')}
        value={text}
        maxLength={40}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          const first = groups.find(({ emoji }) => emoji.length > 0)?.emoji[0]
          if (event.key === 'Enter' && text.trim() && first) {
            event.preventDefault()
            pick(first.emoji)
          } else if (event.key === 'ArrowDown') {
            event.preventDefault()
            grid.current?.querySelector('button')?.focus()
          }
        }}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside are acted upon. */}
      <div ref={grid} className={classes.groups} onKeyDown={move}>
        {groups.map(({ name, emoji }) => (
          <section key={name} aria-label={name}>
            <h3 className={classes.name}>{name}</h3>
            <div className={classes.grid}>
              {emoji.map((one) => (
                <button
                  key={one.emoji}
                  type="button"
                  className={classes.emoji}
                  aria-label={one[language].split(' ')[0]}
                  title={one[language].split(' ')[0]}
                  onClick={() => pick(one.emoji)}
                >
                  {one.emoji}
                </button>
              ))}
            </div>
          </section>
        ))}
        {none && <p className={classes.none}>{t('emoji.none')}</p>}
      </div>
    </div>
  )
}

function fits({ en, es }: NamedEmoji, text: string): boolean {
  const plain = (given: string) => given.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const words = plain(`${en} ${es}`).split(' ')
  return plain(text)
    .trim()
    .split(/\s+/)
    .every((wanted) => words.some((word) => word.startsWith(wanted)))
}

/** Anything may lie in a browser's storage. */
function readRecent(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
