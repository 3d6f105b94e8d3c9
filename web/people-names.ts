/** Handles of people by id: events carry ids, people want names. */
import type { Api } from './api.ts'
import type { PersonRef } from './api-types.ts'

export type People = ReturnType<typeof createPeople>

export function createPeople(api: Api) {
  const handles = new Map<string, Promise<string>>()
  return {
    /** Remembers a person some answer has named. */
    learn(person: PersonRef): void {
      handles.set(person.id, Promise.resolve(person.handle))
    },
    /** The handle of a person; `somebody` when it cannot be had. */
    async handleOf(id: string): Promise<string> {
      const known = handles.get(id) ?? api.person(id).then((person) => person.handle)
      handles.set(id, known)
      try {
        return await known
      } catch {
        handles.delete(id)
        return 'somebody'
      }
    },
    forget: (): void => handles.clear(),
  }
}
