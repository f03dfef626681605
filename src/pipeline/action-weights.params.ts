import type { ActionName } from '../gen/actions.ts'

/** Names the table below; stands in sessions, traces and training logs. */
export const WEIGHTS_VERSION = 'published-2026-08-12'

/** Worth of one action (of one second, for dwell_time). A, spec/scoring.md 12. */
export const ACTION_WEIGHTS: Readonly<Record<ActionName, number>> = {
  favorite: 0.5,
  reply: 5,
  repost: 1,
  photo_expand: 0.05,
  click: 0.4,
  profile_click: 0,
  video_quality_view: 0.05,
  share: 2,
  share_via_dm: 5,
  share_via_copy_link: 20,
  dwell: 0,
  quote: 5,
  quoted_click: 0.05,
  follow_author: 4,
  not_interested: -43.2,
  block_author: -31.2,
  mute_author: -58.8,
  report: -234,
  dwell_time: 0.004,
}

/**
 * Weights of A's heads that are not in our vocabulary. They multiply nothing, but stay in the sums
 * that scale negative totals (decisions.md, "heads of the model").
 */
export const ABSENT_HEAD_WEIGHTS = {
  openLink: 0.2,
  videoOpen: 0.05,
  quotedVideoQualityView: 0,
  postUnexplored: 0.02,
  notDwelled: -0.02,
} as const
