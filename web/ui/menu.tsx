import { createLink } from '@tanstack/react-router'
import {
  type AnchorHTMLAttributes,
  type ButtonHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  type RefObject,
  useEffect,
  useEffectEvent,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { placeAt } from './floating.ts'
import classes from './menu.module.css'

/** What the button that opens a menu is to be given. */
export type MenuButtonProps = {
  ref: RefObject<HTMLButtonElement | null>
  id: string
  'aria-haspopup': 'menu'
  'aria-expanded': boolean
  'aria-controls': string | undefined
  onClick(): void
  onKeyDown(event: KeyboardEvent): void
}

export type MenuProps = {
  button(props: MenuButtonProps): ReactNode
  /** Opens at the side of the button where there is room. */
  beside?: boolean
  /** `MenuItem`s and `MenuLink`s, and what stands between them. */
  children: ReactNode
}

/**
 * What can be done, in a list over the page. Arrow keys, Home, End and first letters lead through
 * it; Escape, Tab and a click beside it close it; the focus goes back to its button.
 */
export function Menu({ button, beside = false, children }: MenuProps) {
  const id = useId()
  const opener = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState<'first' | 'last'>()

  return (
    <>
      {button({
        ref: opener,
        id: `${id}-button`,
        'aria-haspopup': 'menu',
        'aria-expanded': open !== undefined,
        'aria-controls': open && id,
        onClick: () => setOpen(open ? undefined : 'first'),
        onKeyDown(event) {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
          event.preventDefault()
          event.stopPropagation()
          setOpen(event.key === 'ArrowDown' ? 'first' : 'last')
        },
      })}
      {open && (
        <OpenMenu
          id={id}
          opener={opener}
          begin={open}
          beside={beside}
          onClose={() => setOpen(undefined)}
        >
          {children}
        </OpenMenu>
      )}
    </>
  )
}

type OpenMenuProps = {
  id: string
  opener: RefObject<HTMLButtonElement | null>
  begin: 'first' | 'last'
  beside: boolean
  onClose(): void
  children: ReactNode
}

function OpenMenu({ id, opener, begin, beside, onClose, children }: OpenMenuProps) {
  const menu = useRef<HTMLDivElement>(null)

  const place = useEffectEvent(() => {
    if (menu.current && opener.current) {
      placeAt(menu.current, opener.current, beside ? 'side' : 'end')
    }
  })
  useLayoutEffect(() => {
    // In the layer above all else: nothing it is inside of cuts it off.
    menu.current?.showPopover()
    place()
    itemsOf(menu.current)
      .at(begin === 'first' ? 0 : -1)
      ?.focus({ preventScroll: true })
  }, [begin])
  useEffect(() => {
    const follow = () => place()
    const size = new ResizeObserver(follow)
    if (menu.current) size.observe(menu.current)
    addEventListener('resize', follow)
    addEventListener('scroll', follow, { capture: true, passive: true })
    return () => {
      size.disconnect()
      removeEventListener('resize', follow)
      removeEventListener('scroll', follow, { capture: true })
    }
  }, [])

  const closeUnlessIn = useEffectEvent((target: EventTarget | null) => {
    const inside = [menu, opener].some(({ current }) => current?.contains(target as Node))
    if (!inside) onClose()
  })
  useEffect(() => {
    const hear = ({ target }: Event) => closeUnlessIn(target)
    document.addEventListener('pointerdown', hear, { capture: true })
    return () => document.removeEventListener('pointerdown', hear, { capture: true })
  }, [])

  function leave(): void {
    opener.current?.focus({ preventScroll: true })
  }

  function hearKeys(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey } = event
    if (ctrlKey || metaKey || altKey) return
    // Keys mean something else on the page behind.
    event.stopPropagation()
    if (key === 'Escape' || key === 'Tab') {
      if (key === 'Escape') event.preventDefault()
      leave()
      onClose()
      return
    }
    const items = itemsOf(menu.current)
    const at = items.indexOf(document.activeElement as HTMLElement)
    const goal = goalOf(key, items, at)
    if (!goal) return
    event.preventDefault()
    goal.focus()
  }

  return (
    <div
      ref={menu}
      id={id}
      popover="manual"
      role="menu"
      tabIndex={-1}
      aria-labelledby={`${id}-button`}
      className={classes.menu}
      onKeyDown={hearKeys}
      onBlur={({ relatedTarget }) => {
        if (relatedTarget) closeUnlessIn(relatedTarget)
      }}
      onClickCapture={({ target }) => {
        // Before the item acts, so that whatever it does can put the focus elsewhere.
        if (isItem(target)) leave()
      }}
      onClick={({ target }) => {
        if (isItem(target)) onClose()
      }}
    >
      {children}
    </div>
  )
}

function isItem(target: EventTarget): boolean {
  return target instanceof Element && target.closest('[role=menuitem]') !== null
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? [])]
}

/** Where a key leads from the item at a place; round the ends, and to the next of a letter. */
function goalOf(key: string, items: HTMLElement[], at: number): HTMLElement | undefined {
  const goals: Record<string, HTMLElement | undefined> = {
    ArrowDown: items[(at + 1) % items.length],
    ArrowUp: items.at(at < 0 ? -1 : at - 1),
    Home: items[0],
    End: items.at(-1),
  }
  if (key.length !== 1 || key === ' ') return goals[key]
  const letter = key.toLocaleLowerCase()
  return [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) =>
    item.textContent.trim().toLocaleLowerCase().startsWith(letter),
  )
}

type ItemProps = { icon?: ReactNode; children: ReactNode }

export type MenuItemProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> &
  ItemProps & { tone?: 'plain' | 'danger' }

export function MenuItem({ icon, tone, children, ...rest }: MenuItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={classes.item}
      data-tone={tone}
      {...rest}
    >
      {icon}
      {children}
    </button>
  )
}

type AnchorProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'className'> &
  ItemProps & { ref?: Ref<HTMLAnchorElement> }

function Anchor({ icon, children, ...rest }: AnchorProps) {
  return (
    <a {...rest} role="menuitem" tabIndex={-1} className={classes.item}>
      {icon}
      {children}
    </a>
  )
}

/** An item that leads somewhere; takes `to` and `params` as every link of the router does. */
export const MenuLink = createLink(Anchor)

export function MenuDivider() {
  return <hr className={classes.divider} />
}
