import { Elysia } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { json } from '../../http/json'
import { limitViewer } from '../../http/rate-limit'
import { viewerOf, whereOf } from '../../http/request-info'
import { requireViewer, viewersJsonBody } from '../../http/require-viewer'
import { presignUpload } from './presign-upload'
import { UploadAnswer, UploadRequest } from './schema'

export const mediaRoutes = (ctx: AppContext) =>
  new Elysia()
    .use(requireViewer(ctx))
    .post(
      '/media/uploads',
      async ({ body, request }) =>
        json(request, 201, await presignUpload(ctx, viewerOf(request), body, whereOf(request).requestId)),
      {
        ...viewersJsonBody(ctx, UploadRequest, limitViewer(ctx, 'uploads')),
        detail: describe({
          takesBody: true,
          tag: 'Media',
          summary: 'Get a URL to upload an image or video to',
          description:
            'PUT the bytes to `upload.url` with `upload.headers`. The object store takes exactly the promised type and ' +
            'size, once. Then create a story with `media_key`.',
          answers: { 201: { description: 'Where and how to upload', body: UploadAnswer } },
          problems: [422, 429],
        }),
      },
    )
