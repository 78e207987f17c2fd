/** A page bundled by webpack, which finds worker and WebAssembly by itself. */
import { createClient } from '@fairweather/sdk';

const client = createClient({ privacy: 'on-device', models: '/models/' });
const status = document.querySelector('#status');

document.querySelector('input').addEventListener('change', async ({ target }) => {
  try {
    const { image, report } = await client.restore(target.files[0]);
    document.querySelector('#restored').src = URL.createObjectURL(image);
    status.textContent = `Restored by ${report.run.engine}`;
  } catch (error) {
    status.textContent = error.message;
  }
});
