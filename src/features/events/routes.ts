import { Elysia, t } from 'elysia'
import type { AppContext } from '../../context'
import { describe } from '../../http/describe'
import { infoOf, viewerOf } from '../../http/request-info'
import { requireViewer } from '../../http/require-viewer'
import { openQuery } from '../../http/schemas'
import { openEventStream } from './stream'

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that buffers would hold events back.
  'X-Accel-Buffering': 'no',
}

export const eventRoutes = (ctx: AppContext) =>
  new Elysia().use(requireViewer(ctx, { tokenInQuery: true })).get(
    '/events',
    async ({ query, request }) => {
      const lastEventId = request.headers.get('last-event-id') || query.last_event_id || null
      const positionsAsEvents = query.positions === 'true'
      const stream = await openEventStream(ctx, viewerOf(request), lastEventId, positionsAsEvents)
      infoOf(request).connection.keepOpen()
      return new Response(stream, { headers: STREAM_HEADERS })
    },
    {
      query: openQuery({
        access_token: t.Optional(t.String({ description: 'For EventSource, which cannot set headers' })),
        last_event_id: t.Optional(t.String({ description: 'Like the Last-Event-ID header' })),
        positions: t.Optional(
          t.String({
            description:
              '`true`: ids without an event, which EventSource keeps to itself, come as events `stream.position`',
          }),
        ),
      }),
      detail: describe({
        tag: 'Events',
        summary: 'Live events about my stories (Server-Sent Events)',
        description:
          'Events: `story.viewed` {story_id, viewer_id, viewed_at}; `story.reacted` {story_id, user_id, emoji, created_at}; ' +
          '`stream.reset` when the id to resume from is unknown or older than 24 h. A comment every 15 s keeps the line open; ' +
          'the first bytes, and a frame once a minute, carry the `id` of the present position without an event.',
        requestHeaders: [{ name: 'Last-Event-ID', description: 'Resume after this event' }],
        answers: {
          200: {
            description: 'A stream of events',
            contentType: 'text/event-stream',
            example:
              'id: 00…\nevent: story.viewed\ndata: {"story_id":"…","viewer_id":"…","viewed_at":"…"}\n\n',
          },
        },
        problems: [422],
      }),
    },
  )
