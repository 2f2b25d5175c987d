export type Formats = ReturnType<typeof createFormats>

type When = string | number | Date

const dayMs = 86_400_000

/** How dates and numbers are written in a locale; times are those of this device. */
export function createFormats(locale: string) {
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' })
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const longDate = new Intl.DateTimeFormat(locale, { dateStyle: 'full' })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' })
  const relativeDay = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const number = new Intl.NumberFormat(locale)
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })

  function daysAgo(when: When): number {
    const midnight = (value: When) => new Date(value).setHours(0, 0, 0, 0)
    return Math.round((midnight(Date.now()) - midnight(when)) / dayMs)
  }

  return {
    locale,
    /** 14:05 */
    formatTime: (when: When) => time.format(new Date(when)),
    /** 21 Nov 2026 */
    formatDate: (when: When) => date.format(new Date(when)),
    /** 21 November 2026 at 14:05 */
    formatDateTime: (when: When) => full.format(new Date(when)),
    /** For lists: 14:05 today, then yesterday, Tuesday, 3 Nov, 3 Nov 2025. */
    formatRecent(when: When): string {
      const days = daysAgo(when)
      const then = new Date(when)
      if (days <= 0) return time.format(then)
      if (days === 1) return relativeDay.format(-1, 'day')
      if (days < 7) return weekday.format(then)
      const sameYear = then.getFullYear() === new Date().getFullYear()
      return sameYear ? dayOfYear.format(then) : date.format(then)
    },
    /** For separators: today, yesterday, Tuesday 3 November 2026. */
    formatDay(when: When): string {
      const days = daysAgo(when)
      return days === 0 || days === 1
        ? relativeDay.format(-days, 'day')
        : longDate.format(new Date(when))
    },
    formatNumber: (value: number) => number.format(value),
    /** Ana, Ben and Cleo */
    formatList: (items: readonly string[]) => list.format(items),
  }
}
