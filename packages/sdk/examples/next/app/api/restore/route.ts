/** `POST /api/restore`: this site's own door to the Fairweather API; the key stays on the server. */
import { createClient, isRestoreError } from '@fairweather/sdk/remote';

export async function POST(request: Request): Promise<Response> {
  const { FAIRWEATHER_URL: baseUrl = 'http://127.0.0.1:8080', FAIRWEATHER_KEY: apiKey } = process.env;
  const client = createClient({ baseUrl, ...(apiKey === undefined ? {} : { apiKey }) });
  try {
    const { image } = await client.restore(await request.blob(), { signal: request.signal });
    return new Response(image);
  } catch (error) {
    if (!isRestoreError(error)) throw error;
    return new Response(error.message, { status: error.status ?? 502 });
  }
}
