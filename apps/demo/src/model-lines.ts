/** The manifest of the models -> the lines of the page's choice of one, put in by the build: they are there without a network. */

type ModelEntry = {
  readonly macs256: { readonly total: number };
  readonly graphs: Readonly<Record<string, Readonly<Record<string, { readonly bytes: number } | undefined>>>>;
};
type Manifest = { readonly defaultModel: string; readonly models: Readonly<Record<string, ModelEntry>> };

/** One line of the choice: the name of a model, and what people see. */
export type ModelLine = { readonly name: string; readonly text: string };

/** The lines for a manifest, its default first: what each weighs as it is fetched by a browser with a graphics card, and its work next to the default's. */
export function describeModels({ defaultModel, models }: Manifest): readonly ModelLine[] {
  const own = models[defaultModel];
  if (own === undefined) return [];
  const lines = Object.entries(models).map(([name, model]) => {
    const ratio = model.macs256.total / own.macs256.total;
    const work = name === defaultModel ? '' : `, ${ratio >= 1 ? `${short(ratio)} × the work` : `1/${short(1 / ratio)} of the work`}`;
    return { name, text: `${name}, ${short(bytesOf(model) / 1e6)} MB${work}` };
  });
  return lines.sort((a, b) => Number(b.name === defaultModel) - Number(a.name === defaultModel));
}

/** In half precision where there is one. */
function bytesOf({ graphs }: ModelEntry): number {
  return Object.values(graphs).reduce((sum, precisions) => sum + ((precisions.fp16 ?? precisions.fp32)?.bytes ?? 0), 0);
}

function short(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
