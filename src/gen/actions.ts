// Generated from schema/actions.json by tools/generate.ts. Do not edit.

/** The engagement vocabulary in the model's output order. */
export const ACTIONS = [
  { index: 0, name: 'favorite', aliases: ['like'], kind: 'discrete', sign: 'positive', signalKind: 'LIKE' },
  { index: 1, name: 'reply', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'REPLY' },
  { index: 2, name: 'repost', aliases: ['retweet'], kind: 'discrete', sign: 'positive', signalKind: 'REPOST' },
  { index: 3, name: 'photo_expand', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'CLICK' },
  { index: 4, name: 'click', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'CLICK' },
  { index: 5, name: 'profile_click', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'CLICK' },
  { index: 6, name: 'video_quality_view', aliases: ['vqv'], kind: 'discrete', sign: 'positive', signalKind: 'VIDEO_WATCH' },
  { index: 7, name: 'share', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'SHARE' },
  { index: 8, name: 'share_via_dm', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'SHARE' },
  { index: 9, name: 'share_via_copy_link', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'SHARE' },
  { index: 10, name: 'dwell', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'DWELL' },
  { index: 11, name: 'quote', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'QUOTE' },
  { index: 12, name: 'quoted_click', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'CLICK' },
  { index: 13, name: 'follow_author', aliases: [], kind: 'discrete', sign: 'positive', signalKind: 'FOLLOW' },
  { index: 14, name: 'not_interested', aliases: [], kind: 'discrete', sign: 'negative', signalKind: 'NOT_INTERESTED' },
  { index: 15, name: 'block_author', aliases: [], kind: 'discrete', sign: 'negative', signalKind: 'BLOCK' },
  { index: 16, name: 'mute_author', aliases: [], kind: 'discrete', sign: 'negative', signalKind: 'MUTE' },
  { index: 17, name: 'report', aliases: [], kind: 'discrete', sign: 'negative', signalKind: 'REPORT' },
  { index: 18, name: 'dwell_time', aliases: [], kind: 'continuous', sign: 'positive', signalKind: 'DWELL' },
] as const

export type ActionName = (typeof ACTIONS)[number]['name']
export type SignalKind = (typeof ACTIONS)[number]['signalKind']

/** Columns of a probability matrix; the continuous action comes after them. */
export const DISCRETE_ACTION_COUNT = 18

/** SHA-256 of schema/actions.json; a checkpoint's manifest carries the same. */
export const ACTIONS_SHA256 = 'd2ad3e372cc1144ef7860f1e1cf299d217cc1ad6cbc612369c61e33b1dae084e'
