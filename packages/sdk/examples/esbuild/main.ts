/** A page bundled by esbuild, which places no workers: the engine's files come from `assets`. */
import { createClient } from '@fairweather/sdk';

const client = createClient({ assets: '/fairweather/' });
const input = document.querySelector('input');
const status = document.querySelector('#status');
const restored = document.querySelector<HTMLImageElement>('#restored');

input?.addEventListener('change', async () => {
  const file = input.files?.[0];
  if (file === undefined || status === null || restored === null) return;
  try {
    const { image, report } = await client.restore(file);
    restored.src = URL.createObjectURL(image);
    status.textContent = `Restored by ${report.run.engine}`;
  } catch (error) {
    status.textContent = (error as Error).message;
  }
});
