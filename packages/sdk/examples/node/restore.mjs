/** `node restore.mjs rainy.jpg restored.jpg`: a file restored on this machine; also with `bun` and `deno run --allow-all`. */
import { writeFile } from 'node:fs/promises';
import { createClient } from '@fairweather/sdk';

const [input = 'rainy.jpg', output = 'restored.jpg'] = process.argv.slice(2);
const client = createClient({ backend: 'node' });
try {
  const { image, report } = await client.restore(input);
  await writeFile(output, new Uint8Array(await image.arrayBuffer()));
  for (const { weather, presence } of report.weather) console.log(`${weather}: ${Math.round(100 * presence)} %`);
} finally {
  await client.dispose();
}
