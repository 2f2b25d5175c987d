import { icon } from '../ui/icon.tsx'

export const ReplyIcon = icon(<path d="M9 6 4 11l5 5M4 11h9a7 7 0 0 1 7 7v1" />)
export const EditIcon = icon(<path d="M4 20h4L19.5 8.5l-4-4L4 16zM13.5 6.5l4 4" />)
export const TrashIcon = icon(<path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5" />)
export const SmileIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M8.5 14.5a4.2 4.2 0 0 0 7 0M9 9.5v.1M15 9.5v.1" />
  </>,
)
export const PinIcon = icon(<path d="M9 4h6l-.6 6 3.1 3.5v1.5h-11v-1.5L9.6 10zM12 15v6" />)
export const CopyIcon = icon(
  <>
    <rect x="8" y="8" width="12" height="12" rx="2" />
    <path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2" />
  </>,
)
export const LinkIcon = icon(
  <path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.700L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.700L12 17" />,
)
export const EyeIcon = icon(
  <>
    <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" />
    <circle cx="12" cy="12" r="2.8" />
  </>,
)
export const SendIcon = icon(<path d="M4 12 20 4.5 15.5 20l-4-6.500zM11.5 13.5 20 4.5" />)
export const MuteIcon = icon(
  <path d="M6 10a6 6 0 0 1 9.5-4.900M18 9.500c0 5.5 2 7 2 7H7M10 20a2.2 2.2 0 0 0 4 0M3.5 3.500l17 17M6 12c-.2 3-2 4.5-2 4.5" />,
)
export const ArchiveIcon = icon(
  <path d="M4 5h16v4H4zM5.5 9v10a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V9M10 13h4" />,
)
export const InfoIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11v5.500M12 7.500v.1" />
  </>,
)
export const DownIcon = icon(<path d="M12 5v14M6 13l6 6 6-6" />)
export const ClockIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7v5.500l3.5 2" />
  </>,
)
export const ReadIcon = icon(<path d="m2.5 13 4 4L15 8.500M11 15.500l1.5 1.500L21 8.5" />)
