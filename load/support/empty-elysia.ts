/** The yardstick of row 12: an Elysia app with one route. */
import { Elysia } from 'elysia'

const app = new Elysia().get('/readyz', () => 'ok')
Bun.serve({ port: Number(process.env.PORT), hostname: '127.0.0.1', fetch: app.fetch })
