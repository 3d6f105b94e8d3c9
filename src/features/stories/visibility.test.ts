import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { canView, isActive, type Relation, type Visibility, type VisibleThing } from './visibility'

const NOW = new Date('2026-03-04T12:00:00.000Z')
const story = (some: Partial<VisibleThing>): VisibleThing => ({
  authorId: 'ava',
  visibility: 'public',
  hasAudience: false,
  expiresAt: new Date(NOW.getTime() + 1),
  deletedAt: null,
  ...some,
})
const NOBODY: Relation = { isFriend: false, isInAudience: false }

const anyVisibility = fc.constantFrom<Visibility>('public', 'friends', 'private')
const anyRelation = fc.record({ isFriend: fc.boolean(), isInAudience: fc.boolean() })
const anyStory = fc.record({
  authorId: fc.constantFrom('ava', 'ben'),
  visibility: anyVisibility,
  hasAudience: fc.boolean(),
  expiresAt: fc.constantFrom(new Date(NOW.getTime() - 1), NOW, new Date(NOW.getTime() + 1)),
  deletedAt: fc.constantFrom(null, NOW),
})

describe('who sees a story', () => {
  const friends = { visibility: 'friends' } as const
  const chosen = { visibility: 'friends', hasAudience: true } as const
  const cases: [string, Partial<VisibleThing>, Partial<Relation>, boolean][] = [
    ['public: a stranger', {}, {}, true],
    ['friends: a stranger', friends, {}, false],
    ['friends: a friend', friends, { isFriend: true }, true],
    ['friends: somebody of another audience', friends, { isInAudience: true }, false],
    ['audience: a friend who is not in it', chosen, { isFriend: true }, false],
    ['audience: somebody in it, friend or not', chosen, { isInAudience: true }, true],
    ['private: a friend', { visibility: 'private' }, { isFriend: true, isInAudience: true }, false],
  ]
  test.each(cases)('%s', (_, some, relation, expected) => {
    expect(canView('cleo', story(some), { ...NOBODY, ...relation }, NOW)).toBe(expected)
  })
  test('the author sees every active story of theirs', () => {
    for (const visibility of ['public', 'friends', 'private'] as const) {
      expect(canView('ava', story({ visibility }), NOBODY, NOW)).toBe(true)
    }
  })
})

describe('for every story and viewer', () => {
  test('what has ended is seen by nobody, its author included', () => {
    fc.assert(
      fc.property(anyStory, anyRelation, fc.constantFrom('ava', 'ben', 'cleo'), (thing, relation, viewer) => {
        if (!isActive(thing, NOW)) expect(canView(viewer, thing, relation, NOW)).toBe(false)
      }),
    )
  })
  test('knowing somebody better never hides a story', () => {
    fc.assert(
      fc.property(anyStory, anyRelation, (thing, relation) => {
        const closer = { isFriend: true, isInAudience: true }
        if (canView('cleo', thing, relation, NOW)) expect(canView('cleo', thing, closer, NOW)).toBe(true)
      }),
    )
  })
  test('a private one is seen by its author alone', () => {
    fc.assert(
      fc.property(anyRelation, fc.constantFrom('ava', 'ben'), (relation, viewer) => {
        expect(canView(viewer, story({ visibility: 'private' }), relation, NOW)).toBe(viewer === 'ava')
      }),
    )
  })
  test('it ends at the very moment of its end', () => {
    expect(isActive(story({ expiresAt: NOW }), NOW)).toBe(false)
  })
})
