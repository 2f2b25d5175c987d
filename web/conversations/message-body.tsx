import { memo, type ReactNode, useMemo } from 'react'
import { useMe } from '../lib/client.tsx'
import { type Block, type Inline, readMarkup } from './markup.ts'
import classes from './message-body.module.css'

const onlyEmoji = /^(?:\p{RGI_Emoji}\s*){1,3}$/v

/** What a message says. It becomes elements of ours, never HTML of its sender's. */
export const MessageBody = memo(function MessageBody({ content }: { content: string }) {
  const { id } = useMe()
  const blocks = useMemo(() => readMarkup(content), [content])
  const big = content.length < 40 && onlyEmoji.test(content.trim())
  return (
    <div className={classes.body} dir="auto" data-big={big || undefined}>
      {blocks.map((block, at) => showBlock(block, at, id))}
    </div>
  )
})

function showBlock(block: Block, key: number, me: string): ReactNode {
  switch (block.kind) {
    case 'code':
      return (
        <pre key={key} className={classes.code} dir="ltr" tabIndex={isWide(block.text) ? 0 : -1}>
          <code>{block.text}</code>
        </pre>
      )
    case 'quote':
      return (
        <blockquote key={key} className={classes.quote}>
          {block.blocks.map((inner, at) => showBlock(inner, at, me))}
        </blockquote>
      )
    case 'list': {
      const List = block.start === undefined ? 'ul' : 'ol'
      return (
        <List key={key} className={classes.list} start={block.start}>
          {block.items.map(({ level, children }, at) => (
            <li key={at} data-level={level}>
              {showAll(children, me)}
            </li>
          ))}
        </List>
      )
    }
    default:
      return (
        <p key={key} dir="auto">
          {showAll(block.children, me)}
        </p>
      )
  }
}

function isWide(text: string): boolean {
  return text.split('\n').some((line) => line.length > 60)
}

function showAll(pieces: readonly Inline[], me: string): ReactNode[] {
  return pieces.map((piece, key) => showPiece(piece, key, me))
}

function showPiece(piece: Inline, key: number, me: string): ReactNode {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'code':
      return (
        <code key={key} className={classes.inlineCode}>
          {piece.text}
        </code>
      )
    case 'strong':
      return <strong key={key}>{showAll(piece.children, me)}</strong>
    case 'emphasis':
      return <em key={key}>{showAll(piece.children, me)}</em>
    case 'strike':
      return <s key={key}>{showAll(piece.children, me)}</s>
    case 'link':
      return (
        <a
          key={key}
          href={piece.href}
          title={piece.text === piece.href ? undefined : piece.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
        >
          {piece.text}
        </a>
      )
    case 'mention':
      return (
        <bdi key={key} className={classes.mention} data-me={piece.userId === me || undefined}>
          @{piece.name}
        </bdi>
      )
  }
}

/** The same as one line of plain text. */
export function plainText(content: string): string {
  const say = (piece: Inline): string => {
    if ('children' in piece) return piece.children.map(say).join('')
    return piece.kind === 'mention' ? `@${piece.name}` : piece.text
  }
  const sayBlock = (block: Block): string => {
    if (block.kind === 'code') return block.text
    if (block.kind === 'quote') return block.blocks.map(sayBlock).join(' ')
    if (block.kind === 'list')
      return block.items.map((item) => item.children.map(say).join('')).join(' ')
    return block.children.map(say).join('')
  }
  return readMarkup(content.slice(0, 400)).map(sayBlock).join(' ').replace(/\s+/g, ' ').trim()
}
