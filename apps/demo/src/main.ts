/** The page: the manifest that came with this build -> a list of its models. */
import type { Manifest } from '@fairweather/core';
import { manifestUrl } from '@fairweather/models';
import { modelLines } from './model-lines.ts';

const list = document.getElementById('models');
const response = await fetch(manifestUrl);
const lines = response.ok ? modelLines((await response.json()) as Manifest) : [`The manifest could not be read: ${response.status} ${response.statusText}`]; // exported by the recipe
for (const line of lines) list?.appendChild(document.createElement('li')).append(line);
