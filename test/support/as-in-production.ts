/** Loaded before all tests: the mode that `src/server.ts` gives Elysia, which reads it when it is loaded. */
process.env.NODE_ENV = 'production'
