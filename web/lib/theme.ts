import { createTheme, localStorageColorSchemeManager, type MantineColorsTuple } from '@mantine/core'

/** The shades that Mantine works with at run time; what is seen comes from styles/tokens.css. */
function shades(name: string): MantineColorsTuple {
  const all = Array.from({ length: 10 }, () => `var(--mantine-color-${name}-filled)`)
  return all as unknown as MantineColorsTuple
}

export const theme = createTheme({
  primaryColor: 'accent',
  colors: { accent: shades('accent'), danger: shades('danger') },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
})

/** Where this browser keeps what was chosen; `public/before-paint.js` reads it too. */
export const schemeKey = 'stoa.scheme'
export const schemes = localStorageColorSchemeManager({ key: schemeKey })
