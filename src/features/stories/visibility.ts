/** Who may see a story: the one rule, pure. Its twin for statements is visibility-sql.ts; a test holds both together. */

export type Visibility = 'public' | 'friends' | 'private'

export type VisibleThing = Readonly<{
  authorId: string
  visibility: Visibility
  hasAudience: boolean
  expiresAt: Date
  deletedAt: Date | null
}>

/** How the viewer stands to the story and its author. */
export type Relation = Readonly<{
  /** The viewer follows the author, and under the mutual rule is followed back. */
  isFriend: boolean
  isInAudience: boolean
}>

export const isActive = (story: Pick<VisibleThing, 'expiresAt' | 'deletedAt'>, now: Date): boolean =>
  story.deletedAt === null && story.expiresAt > now

export function canView(viewerId: string, story: VisibleThing, relation: Relation, now: Date): boolean {
  if (!isActive(story, now)) return false
  if (story.authorId === viewerId) return true
  if (story.visibility === 'public') return true
  if (story.visibility === 'private') return false
  return story.hasAudience ? relation.isInAudience : relation.isFriend
}
