import type { AppContext } from '../../context'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import { mediaKeyOf, planUpload, type UploadInput } from './rules'
import type { UploadAnswer } from './schema'

type Deps = Pick<AppContext, 'clock' | 'config' | 'objects' | 'stores' | 'activity'>

/**
 * A key of the viewer's own and a URL that takes exactly the promised type and size, once.
 *
 * @throws AppError `media_type_not_allowed`, `media_too_large`
 */
export async function presignUpload(
  ctx: Deps,
  viewer: Viewer,
  input: UploadInput,
  requestId: string,
): Promise<UploadAnswer> {
  const plan = planUpload(input, {
    allowedTypes: ctx.config.mediaContentTypes,
    sizeBytesMax: ctx.config.mediaMaxBytes,
  })
  const mediaKey = mediaKeyOf(viewer.id, newId())
  const upload = await ctx.objects.presignPut(mediaKey, plan.contentType, plan.sizeBytes)
  await ctx.stores.media.insertUpload({ mediaKey, userId: viewer.id, createdAt: ctx.clock.now(), ...plan })
  ctx.activity.uploadPresigned({ requestId, userId: viewer.id }, plan.contentType, plan.sizeBytes)
  return { media_key: mediaKey, upload: { ...upload, headers: { ...upload.headers } } }
}
