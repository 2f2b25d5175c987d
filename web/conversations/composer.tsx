import {
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { useI18n } from '../lib/i18n.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { CheckIcon, CloseIcon } from '../ui/icon.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import classes from './composer.module.css'
import { EmojiPanel } from './emoji-panel.tsx'
import { SendIcon, SmileIcon } from './icons.tsx'
import { findMentioned, type Mentions, mentionAt, mentionOf, withIds } from './mentions.ts'
import type { PersonSummary } from './shapes.ts'
import { useGrowing } from './use-growing.ts'

/** What a message may hold at most, as the server counts. */
const longestMessage = 10_000
/** From here on the rest is counted. */
const countedFrom = longestMessage - 500
/** A paste that leaves more than this is a mistake, and would make the page slow. */
const longestPaste = 2 * longestMessage

export type Written = { text: string; mentions: Mentions }

export type ComposerProps = {
  value: Written
  onChange(value: Written): void
  /** Called with the text as it is to be sent. */
  onSend(content: string): void
  /** Up in an empty field: to change what one said last. */
  onUp(): void
  onEscape(): void
  people: readonly PersonSummary[]
  placeholder: string
  /** Above the field: what is answered or changed. */
  banner?: { text: ReactNode; label: string; onClose(): void } | undefined
  /** What went wrong with it. */
  error?: string | undefined
  /** Whether what is written replaces something. */
  changing: boolean
  fieldRef: React.RefObject<HTMLTextAreaElement | null>
}

/** Where messages are written. Whatever goes wrong, the text stays. */
export function Composer(props: ComposerProps) {
  const { value, onChange, onSend, people, placeholder, banner, error, changing, fieldRef } = props
  const { t } = useI18n()
  const id = useId()
  const [refused, setRefused] = useState<string>()
  const [caret, setCaret] = useState(0)
  /** Where the caret is to stand when the text that was just put in is shown. */
  const caretToSet = useRef<number>(undefined)
  const [picked, setPicked] = useState(0)
  const [closedAt, setClosedAt] = useState<number>()
  const [emoji, setEmoji] = useState(false)
  const smile = useRef<HTMLButtonElement>(null)
  useGrowing(fieldRef, value.text)

  const mention = mentionAt(value.text, caret)
  const found = mention && mention.start !== closedAt ? findMentioned(people, mention.word) : []
  const chosen = found[Math.min(picked, found.length - 1)]
  const length = value.text.length > countedFrom ? withIds(value.text, value.mentions).length : 0
  const left = longestMessage - length
  const ready = value.text.trim() !== '' && left >= 0

  function change(text: string, mentions = value.mentions): void {
    setRefused(undefined)
    setPicked(0)
    onChange({ text, mentions })
  }

  /** Puts something in the place of a part of the text, and the caret after it. */
  function insert(piece: string, start: number, end: number, mentions = value.mentions): void {
    change(value.text.slice(0, start) + piece + value.text.slice(end), mentions)
    const after = start + piece.length
    setCaret(after)
    caretToSet.current = after
  }

  // Together with the text: whoever types on meanwhile types behind it.
  useLayoutEffect(() => {
    const after = caretToSet.current
    if (after === undefined) return
    caretToSet.current = undefined
    fieldRef.current?.focus()
    fieldRef.current?.setSelectionRange(after, after)
  })

  function complete(person: PersonSummary): void {
    if (!mention) return
    const name = mentionOf(person, value.mentions)
    insert(`${name} `, mention.start, caret, { ...value.mentions, [name]: person.id })
  }

  function send(): void {
    if (!ready) return
    setEmoji(false)
    onSend(withIds(value.text.trim(), value.mentions))
  }

  function hearKeys(event: KeyboardEvent<HTMLTextAreaElement>): void {
    // Keys that choose among characters of an input method are not ours.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (chosen && hearMentionKeys(event, chosen)) {
      event.preventDefault()
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey && !isTouch()) {
      event.preventDefault()
      send()
    } else if (event.key === 'ArrowUp' && value.text === '') {
      event.preventDefault()
      props.onUp()
    } else if (event.key === 'Escape') {
      props.onEscape()
    }
  }

  /** Whether the key was for the list of names. */
  function hearMentionKeys({ key }: KeyboardEvent, person: PersonSummary): boolean {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[key]
    if (step !== undefined) {
      setPicked((at) => (Math.min(at, found.length - 1) + step + found.length) % found.length)
    } else if (key === 'Enter' || key === 'Tab') {
      complete(person)
    } else if (key === 'Escape') {
      setClosedAt(mention?.start)
    } else {
      return false
    }
    return true
  }

  function hearPaste(event: ClipboardEvent<HTMLTextAreaElement>): void {
    const pasted = event.clipboardData.getData('text/plain')
    const { selectionStart, selectionEnd } = event.currentTarget
    const length = value.text.length - (selectionEnd - selectionStart) + pasted.length
    if (length <= longestPaste) return
    event.preventDefault()
    setRefused(t('chat.pasteTooLong', { count: pasted.length, most: longestMessage }))
  }

  const problem = refused ?? error
  return (
    <div className={classes.composer}>
      {found.length > 0 && (
        <div
          id={`${id}-people`}
          role="listbox"
          aria-label={t('chat.mention')}
          className={classes.people}
        >
          {found.map((person) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys.
            <div
              key={person.id}
              id={`${id}-${person.id}`}
              role="option"
              aria-selected={person === chosen}
              className={classes.person}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => complete(person)}
            >
              <Avatar name={person.displayName} id={person.id} src={person.avatar} size={28} />
              <bdi>{person.displayName}</bdi>
              <span className={classes.username}>@{person.username}</span>
            </div>
          ))}
        </div>
      )}
      {emoji && (
        <EmojiPanel
          onPick={(one) => {
            const { selectionStart = 0, selectionEnd = 0 } = fieldRef.current ?? {}
            insert(one, selectionStart, selectionEnd)
          }}
          onClose={() => {
            setEmoji(false)
            smile.current?.focus()
          }}
        />
      )}
      {banner && (
        <div className={classes.banner}>
          <span className={classes.bannerText}>{banner.text}</span>
          <IconButton
            label={banner.label}
            icon={<CloseIcon size={16} />}
            onClick={banner.onClose}
          />
        </div>
      )}
      <div className={classes.line}>
        <IconButton
          ref={smile}
          label={t('chat.emoji')}
          icon={<SmileIcon />}
          aria-expanded={emoji}
          onClick={() => setEmoji((open) => !open)}
        />
        <textarea
          ref={fieldRef}
          className={classes.field}
          dir="auto"
          rows={1}
          value={value.text}
          placeholder={placeholder}
          aria-label={placeholder}
          aria-describedby={problem || left < 500 ? `${id}-note` : undefined}
          aria-invalid={left < 0 || undefined}
          aria-autocomplete="list"
          aria-controls={found.length > 0 ? `${id}-people` : undefined}
          aria-activedescendant={chosen && `${id}-${chosen.id}`}
          enterKeyHint={isTouch() ? 'enter' : 'send'}
          onChange={({ currentTarget }) => {
            setCaret(currentTarget.selectionStart)
            setClosedAt(undefined)
            change(currentTarget.value)
          }}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
          onBlur={() => setClosedAt(mention?.start)}
          onKeyDown={hearKeys}
          onPaste={hearPaste}
        />
        <IconButton
          className={classes.send}
          label={t(changing ? 'action.save' : 'chat.send')}
          icon={changing ? <CheckIcon /> : <SendIcon />}
          data-ready={ready}
          aria-disabled={!ready}
          onPointerDown={(event) => event.preventDefault()}
          onClick={send}
        />
      </div>
      <div
        id={`${id}-note`}
        className={classes.note}
        aria-live="polite"
        data-wrong={left < 0 || Boolean(problem)}
      >
        {problem ??
          (length > 0 &&
            (left < 0 ? t('chat.tooLong', { count: -left }) : t('chat.left', { count: left })))}
      </div>
    </div>
  )
}

/** On touch screens Enter makes a line, and the button sends. */
function isTouch(): boolean {
  return matchMedia('(hover: none) and (pointer: coarse)').matches
}
