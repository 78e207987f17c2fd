/** `node restore.cjs rainy.jpg restored.jpg`: the same from CommonJS. */
const { writeFile } = require('node:fs/promises');
const { createClient, isRestoreError } = require('@fairweather/sdk');

const [input = 'rainy.jpg', output = 'restored.jpg'] = process.argv.slice(2);
const client = createClient({ backend: 'node' });
client
  .restore(input)
  .then(async ({ image }) => writeFile(output, new Uint8Array(await image.arrayBuffer())))
  .catch((error) => {
    console.error(isRestoreError(error) ? `${error.code}: ${error.message}` : error);
    process.exitCode = 1;
  })
  .finally(() => client.dispose());
