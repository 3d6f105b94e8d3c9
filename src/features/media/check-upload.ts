import type { AppContext } from '../../context'
import { invalidField } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { isMediaKey, looksLike } from './rules'

type Deps = Pick<AppContext, 'objects' | 'stores' | 'activity'>

export type CheckedUpload = Readonly<{ mediaKey: string; contentType: string }>

const alreadyUsed = () => invalidField('media_key', 'belongs to another story', 'media_already_used')

/**
 * Looks at the object behind a key before a story claims it: the viewer's own, there, and what was promised. An object
 * that is something else is removed.
 *
 * @throws AppError `media_not_found`, `media_already_used`, `media_not_uploaded`, `media_content_mismatch`,
 *   `unavailable` when the object store is
 */
export async function checkUpload(ctx: Deps, viewer: Viewer, mediaKey: string): Promise<CheckedUpload> {
  const upload = isMediaKey(mediaKey) ? await ctx.stores.media.findUpload(mediaKey) : null
  if (upload === null || upload.userId !== viewer.id || upload.state === 'removing') {
    throw invalidField('media_key', 'is not an upload of yours', 'media_not_found')
  }
  if (upload.state === 'claimed') throw alreadyUsed()
  const object = await ctx.objects.readStart(mediaKey)
  if (object === null) throw invalidField('media_key', 'has not been uploaded yet', 'media_not_uploaded')
  const isAsPromised =
    object.sizeBytes === upload.sizeBytes &&
    object.contentType.toLowerCase() === upload.contentType &&
    looksLike(upload.contentType, object.firstBytes)
  if (isAsPromised) return { mediaKey, contentType: upload.contentType }
  // A claim that won meanwhile keeps its object. The row stays until no upload can be under way any more, so that what a
  // late second one stores is found and removed by the worker.
  if (await ctx.stores.media.giveUpPending(mediaKey)) {
    try {
      await ctx.objects.remove(mediaKey)
    } catch (error) {
      ctx.activity.followUpFailed('remove mismatched upload', error)
    }
  }
  throw invalidField(
    'media_key',
    `is not ${upload.contentType} inside; it was removed`,
    'media_content_mismatch',
  )
}

/**
 * Gives the key to the story, inside the story's transaction.
 *
 * @throws AppError `media_already_used` when another story was faster
 */
export async function claimUpload(
  media: AppContext['stores']['media'],
  viewer: Viewer,
  mediaKey: string,
  storyId: string,
): Promise<void> {
  if (!(await media.claimUpload(mediaKey, viewer.id, storyId))) throw alreadyUsed()
}
