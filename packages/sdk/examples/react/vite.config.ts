import { defineConfig } from 'vite';

export default defineConfig({
  // Vite's dev server would bundle the package by itself, and lose its worker files.
  optimizeDeps: { exclude: ['@fairweather/sdk'] },
  worker: { format: 'es' },
});
