import { defineConfig } from 'vite';

/** Relative paths, so that the page can lie in any folder; `es2023` for top-level await. */
export default defineConfig({ base: './', build: { target: 'es2023' } });
